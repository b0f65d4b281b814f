-- ARGV: now, how many of each kind at most. An identity that has to stay is looked at again in an hour, or when its
-- record is settled, or when its lease ends. Answers how many records are forgotten, and 1 if there may be more to do.
local most, count, more, later = tonumber(ARGV[2]), 0, 0, text(now + 3600000)
local past = '(' .. text(now)
local function over(key)
  local found = redis.call('ZRANGEBYSCORE', key, '-inf', past, 'LIMIT', 0, most)
  if #found == most then more = 1 end
  return found
end
for _, id in ipairs(over(P .. 'retain')) do
  count = count + forget_record(id)
end
-- A record goes with its identity.
for _, id in ipairs(over(P .. 'names')) do
  local taken = find(id)
  if taken then
    redis.call('ZADD', P .. 'names', taken.state == 'in_flight' and text(taken.lease - 1) or later, id)
  else
    forget_claim(id)
    count = count + forget_record(id)
  end
end
-- A fence goes after its identity, so that it holds as long as the identity does.
for _, fence in ipairs(over(P .. 'fences')) do
  local key = P .. 'fence:' .. fence
  local owner = redis.call('GET', key)
  local row = owner and redis.call('HMGET', P .. 'state:' .. owner, 'k', 's')
  if row and (row[1] or not row[2] and redis.call('EXISTS', P .. 'event:' .. owner) == 1) then
    redis.call('ZADD', P .. 'fences', later, fence)
  else
    redis.call('DEL', key)
    redis.call('ZREM', P .. 'fences', fence)
  end
end
return { count, more }
