-- Hands out what is due. ARGV: now, limit, when the lease ends, endpoints.
local limit, answer = tonumber(ARGV[2]), {}
local found = due(4, limit)
if #found == 0 then return answer end
local fence = next_number()
for at, one in ipairs(found) do
  if at > limit then break end
  local id, position, endpoint, entry = one[1], text(one[2]), one[3], one[4]
  local key = P .. 'event:' .. id
  local row = redis.call('HMGET', key, 's', 'a', 'h', 'c', 'g', 'r')
  local attempts = (tonumber(row[2]) or 0) + 1
  redis.call('HSET', key, 's', 'leased', 'f', fence, 'a', attempts)
  redis.call('ZADD', P .. 'again:' .. endpoint, ARGV[3], id)
  if entry then redis.call('XDEL', P .. 'fresh:' .. endpoint, entry) end
  if row[1] ~= 'leased' then
    redis.call('ZREM', P .. 'in:ready', id)
    redis.call('ZADD', P .. 'in:leased', position, id)
  end
  answer[#answer + 1] = { position, id, fence, attempts, row[3], row[4], row[5], row[6] }
end
return answer
