-- ARGV: now, what is said of it, ids. Answers how many of them were parked, and are quarantined now. The state is written
-- behind all that a call which is cut short has to do again.
local count = 0
for at = 3, #ARGV do
  local id = ARGV[at]
  local key = P .. 'state:' .. id
  local row = redis.call('HMGET', key, 's', 'p', 'r', 'w', 'e')
  if row[1] == 'parked' then
    count = count + 1
    local retain = tonumber(row[3]) or now
    redis.call('ZADD', P .. 'in:quarantined', row[2], id)
    redis.call('ZADD', P .. 'names', text(retain), id)
    -- A call of `requeue.lua` may have been cut short, and nobody wants it any more.
    redis.call('ZREM', P .. 'again:' .. (row[5] or ''), id)
    redis.call('ZREM', P .. 'in:ready', id)
    -- What is asked again by its state has to be found by it until then.
    redis.call('ZREM', P .. 'in:parked', id)
    redis.call('HSET', key, 's', 'quarantined', 'w', row[4] and ARGV[2] .. ': ' .. row[4] or ARGV[2])
    expire_later(id, retain)
  end
end
return count
