-- Hands out what is due. ARGV: now, mark, limit, when the lease ends, endpoints. A store that another receiver has made
-- anew is left alone: what its records are sealed with, this one cannot open.
local mark = redis.call('GET', P .. 'seal')
if mark ~= ARGV[2] then return mark and 'foreign' or 'unsealed' end
local limit, answer = tonumber(ARGV[3]), {}
local found = due(5, limit)
if #found == 0 then return answer end
local fence = next_number()
for _, one in ipairs(found) do
  local id, position, endpoint, entry = one[1], text(one[2]), one[3], one[4]
  local key = P .. 'event:' .. id
  local row = redis.call('HMGET', key, 's', 'a', 'h', 'c', 'g', 'r')
  local attempts = (tonumber(row[2]) or 0) + 1
  redis.call('HSET', key, 's', 'leased', 'f', fence, 'a', attempts)
  redis.call('ZADD', P .. 'again:' .. endpoint, ARGV[4], id)
  if entry then redis.call('XDEL', P .. 'fresh:' .. endpoint, entry) end
  if row[1] ~= 'leased' then
    redis.call('ZREM', P .. 'in:ready', id)
    redis.call('ZADD', P .. 'in:leased', position, id)
  end
  answer[#answer + 1] = { position, id, fence, attempts, row[1] == 'leased' and 1 or 0, row[3], row[4], row[5], row[6] }
end
return answer
