-- ARGV[13] is when the lease ends, ARGV[14] a token of this caller: who asks twice with one token asked once.
local verdict, taken = judge()
if verdict == 'conflict' then
  tell('conflicts')
  quarantine()
  return { 'conflict' }
end
if verdict == 'busy' then
  if taken.token == ARGV[14] then return { 'granted', taken.fence } end
  note_fence()
  return { 'in_flight' }
end
if verdict == 'done' then
  tell('duplicates')
  note_fence()
  local answer = redis.call('HMGET', P .. 'name:' .. taken.name, 'a', 'y', 'b')
  return { 'done', answer[1] or '0', answer[2] or '', answer[3] or '' }
end
local fence = text(next_number())
local moved = verdict == 'abandoned' and take_from(taken.name) or ''
put(moved, 's', 'in_flight', 'f', fence, 'u', ARGV[13], 't', ARGV[14])
put_fence()
return { 'granted', fence }
