-- ARGV: now, endpoint, mark, then records. Answers a word for each.
local function accept(record)
  local verdict, taken = judge(record)
  if verdict == 'busy' then return 'busy' end
  if verdict == 'conflict' then
    tell('conflicts')
    quarantine(record)
    return 'conflict'
  end
  if verdict == 'done' then
    tell('duplicates')
    note_fence(record)
    return 'duplicate'
  end
  local key = P .. 'state:' .. record.id
  -- A damaged record that is not in quarantine yet waits, though nobody knows its identity: it keeps what it has.
  if record.known and waiting(redis.call('HGET', key, 's')) then
    tell('duplicates')
    return 'duplicate'
  end
  local state = record.problem ~= '' and 'quarantined' or 'ready'
  take_fences(record, taken)
  if record.known then forget_claim(record.id) end
  append(record, record.id, state, record.problem)
  if state ~= 'ready' then
    redis.call('HSET', key, 'k', compared_by(record))
    redis.call('ZADD', P .. 'names', kept_until(record), record.id)
  end
  return state
end

local answers = {}
redis.call('SADD', P .. 'endpoints', endpoint)
for at = 4, #ARGV, RECORD do answers[#answers + 1] = accept(read(at)) end
enqueue()
return answers
