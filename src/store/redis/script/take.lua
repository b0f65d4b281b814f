-- Hands out what is due. ARGV: now, mark, limit, when the lease ends, endpoints. A store that another receiver has made
-- anew is left alone: what its records are sealed with, this one cannot open.
local mark = redis.call('GET', P .. 'seal')
if mark ~= ARGV[2] then return mark and 'foreign' or 'unsealed' end
local limit, answer, handed = tonumber(ARGV[3]), {}, {}
local found = due(5, limit)
if #found == 0 then return answer end
local fence = next_number()
for _, one in ipairs(found) do
  local id, position, endpoint, is_fresh = one[1], text(one[2]), one[3], one[4]
  local key, record = P .. 'state:' .. id, redis.call('GET', P .. 'event:' .. id) or ''
  local attempts, is_abandoned = 1, false
  if is_fresh then
    local retain, compared = line(record)
    handed[endpoint] = (handed[endpoint] or 0) + 1
    redis.call('HSET', key, 'p', position, 'e', endpoint, 'r', retain or '0', 'k', compared or '', 's', 'leased',
      'f', fence, 'a', attempts)
  else
    local row = redis.call('HMGET', key, 's', 'a')
    attempts, is_abandoned = (tonumber(row[2]) or 0) + 1, row[1] == 'leased'
    redis.call('HSET', key, 's', 'leased', 'f', fence, 'a', attempts)
    redis.call('ZREM', P .. 'in:ready', id)
  end
  redis.call('ZADD', P .. 'again:' .. endpoint, ARGV[4], id)
  if not is_abandoned then redis.call('ZADD', P .. 'in:leased', position, id) end
  answer[#answer + 1] = { position, id, fence, attempts, is_abandoned and 1 or 0, record }
end
-- An entry goes with its last id.
for endpoint, count in pairs(handed) do
  local stream = P .. 'fresh:' .. endpoint
  local begun = tonumber(redis.call('HGET', P .. 'begun', endpoint) or '0') + count
  while begun > 0 do
    local entry = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    local held = entry and #entry[2] / 2 or begun
    if begun < held then break end
    if entry then redis.call('XDEL', stream, entry[1]) end
    begun = begun - held
  end
  redis.call('HSET', P .. 'begun', endpoint, begun)
  redis.call('HINCRBY', P .. 'untried', endpoint, -count)
end
return answer
