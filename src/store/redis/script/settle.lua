-- Ends the leases of records. ARGV: now, the new state, when it is due, a reason, then ids each with its fence. Answers
-- how many of them the caller held.
local state, at, reason, count = ARGV[2], ARGV[3], ARGV[4], 0
for place = 5, #ARGV, 2 do
  local id, fence = ARGV[place], ARGV[place + 1]
  local key = P .. 'event:' .. id
  local row = redis.call('HMGET', key, 's', 'f', 'e', 'r', 'n')
  if row[1] == 'leased' and row[2] == fence then
    count = count + 1
    move(id, 'leased', state)
    redis.call('HSET', key, 'w', reason)
    if state == 'ready' then
      redis.call('ZADD', P .. 'again:' .. row[3], at, id)
    else
      redis.call('ZREM', P .. 'again:' .. row[3], id)
    end
    if state == 'delivered' or state == 'quarantined' then
      redis.call('ZADD', P .. 'retain', row[4], id)
      redis.call('ZADD', P .. 'names', 'XX', row[4], row[5])
      expire_later(key, tonumber(row[4]))
      expire_later(P .. 'name:' .. row[5], tonumber(row[4]))
    end
  end
end
return count
