-- ARGV: now, ids. Answers how many of them are ready now that were not. The state is written last, as in `settle.lua`.
local count = 0
for at = 2, #ARGV do
  local id = ARGV[at]
  local key = P .. 'state:' .. id
  local row = redis.call('HMGET', key, 's', 'e', 'p')
  if row[1] == 'parked' or row[1] == 'delivered' then
    count = count + 1
    keep_on(id)
    redis.call('ZREM', P .. 'names', id)
    redis.call('ZADD', P .. 'in:ready', row[3], id)
    redis.call('ZADD', P .. 'again:' .. row[2], 1, id)
    redis.call('SADD', P .. 'endpoints', row[2])
    -- A call of `discard.lua` may have been cut short.
    redis.call('ZREM', P .. 'in:quarantined', id)
    -- What is asked again by its state has to be found by it until then.
    redis.call('ZREM', P .. 'in:' .. row[1], id)
    redis.call('HSET', key, 's', 'ready')
  end
end
return count
