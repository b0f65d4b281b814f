-- ARGV[13] is when the lease ends, ARGV[14] a token of this caller: who asks twice with one token asked once.
local verdict, taken = judge()
if verdict == 'conflict' then
  quarantine()
  return { 'conflict' }
end
if verdict == 'busy' then
  if taken.token == ARGV[14] then return { 'granted', taken.fence } end
  note_fence()
  return { 'in_flight' }
end
if verdict == 'done' then
  note_fence()
  local answer = redis.call('HMGET', P .. 'name:' .. taken.name, 'a', 'y', 'b')
  return { 'done', answer[1] or '0', answer[2] or '', answer[3] or '' }
end
local fence = next_number()
local moved = verdict == 'abandoned' and take_from(taken.name) or ''
put(moved, 'in_flight', 's', 'in_flight', 'f', fence, 'u', ARGV[13], 't', ARGV[14])
return { 'granted', fence }
