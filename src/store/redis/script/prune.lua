-- ARGV: now, how many of each kind at most. A name that has to stay is looked at again in an hour, or when its record is
-- settled, or when its lease ends. Answers how many records are forgotten.
local most, count, later = tonumber(ARGV[2]), 0, text(now + 3600000)
local past = '(' .. text(now)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'retain', '-inf', past, 'LIMIT', 0, most)) do
  if waits(id) then
    redis.call('ZREM', P .. 'retain', id)
  else
    count = count + forget_event(id)
  end
end
-- A record goes with its identity, so that no identity is free while its record is there.
for _, name in ipairs(redis.call('ZRANGEBYSCORE', P .. 'names', '-inf', past, 'LIMIT', 0, most)) do
  local taken = find(name)
  if taken then
    redis.call('ZADD', P .. 'names', taken.state == 'in_flight' and text(taken.lease - 1) or later, name)
  else
    local id = string.sub(name, 1, 32)
    if not waits(id) then count = count + forget_event(id) end
    redis.call('DEL', P .. 'name:' .. name)
    redis.call('ZREM', P .. 'names', name)
  end
end
-- A fence goes after its identity, so that it holds as long as the identity does.
for _, fence in ipairs(redis.call('ZRANGEBYSCORE', P .. 'fences', '-inf', past, 'LIMIT', 0, most)) do
  local owner = redis.call('HGET', P .. 'name:' .. fence, 'o')
  if owner and redis.call('EXISTS', P .. 'name:' .. owner) == 1 then
    redis.call('ZADD', P .. 'fences', later, fence)
  else
    if owner then redis.call('DEL', P .. 'name:' .. fence) end
    redis.call('ZREM', P .. 'fences', fence)
  end
end
return count
