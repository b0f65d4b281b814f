-- Hands out what is due. ARGV: now, limit, when the lease ends, endpoints.
local limit, answer = tonumber(ARGV[2]), {}
local found = due(4, limit)
if #found == 0 then return answer end
local fence = text(next_number())
for at, one in ipairs(found) do
  if at > limit then break end
  local id = one[1]
  local key = P .. 'event:' .. id
  local row = redis.call('HMGET', key, 's', 'e', 'h', 'c', 'g', 'r')
  local attempts = redis.call('HINCRBY', key, 'a', 1)
  redis.call('HSET', key, 'f', fence)
  if row[1] ~= 'leased' then move(id, row[1], 'leased') end
  redis.call('ZREM', P .. 'fresh:' .. row[2], id)
  redis.call('ZADD', P .. 'again:' .. row[2], ARGV[3], id)
  answer[#answer + 1] = { text(one[2]), id, fence, attempts, row[3], row[4], row[5], row[6] }
end
return answer
