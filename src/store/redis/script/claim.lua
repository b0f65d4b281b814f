-- ARGV: now, endpoint, mark, a record, when the lease ends, and a token of this caller: who asks twice with one token
-- asked once.
local record, ends, token = read(4), ARGV[7], ARGV[8]
local verdict, taken = judge(record)
if verdict == 'conflict' then
  tell('conflicts')
  quarantine(record)
  return { 'conflict' }
end
if verdict == 'busy' then
  if taken.token == token then return { 'granted', taken.fence } end
  note_fence(record)
  return { 'in_flight' }
end
if verdict == 'done' then
  tell('duplicates')
  note_fence(record)
  local answer = redis.call('HMGET', P .. 'state:' .. taken.id, 'z', 'y', 'b')
  return { 'done', answer[1] or '0', answer[2] or '', answer[3] or '' }
end
local key, fence = P .. 'state:' .. record.id, next_number()
local fences = take_fences(record, taken)
if record.known then
  forget_claim(record.id)
  -- An operator could make it ready again beside what takes its identity now.
  forget_record(record.id)
end
redis.call('HSET', key, 'k', compared_by(record), 'q', 'in_flight', 'v', kept_until(record), 'l', fence, 'u', ends, 't', token,
  'x', fences)
keep_on(record.id)
redis.call('ZADD', P .. 'names', kept_until(record), record.id)
return { 'granted', fence }
