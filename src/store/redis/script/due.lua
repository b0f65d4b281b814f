-- What may be handed out, in the order of acceptance: id, position and endpoint each, and whether it was never tried.
-- ARGV from `from` on: endpoints, or none for all.
local function due(from, limit)
  local endpoints = {}
  for at = from, #ARGV do endpoints[#endpoints + 1] = ARGV[at] end
  if #endpoints == 0 then endpoints = redis.call('SMEMBERS', P .. 'endpoints') end
  local found = {}
  for _, endpoint in ipairs(endpoints) do
    for _, entry in ipairs(redis.call('XRANGE', P .. 'fresh:' .. endpoint, '-', '+', 'COUNT', limit)) do
      found[#found + 1] = { entry[2][2], tonumber(string.match(entry[1], '^%d+')), endpoint, entry[1] }
    end
    local again = redis.call('ZRANGEBYSCORE', P .. 'again:' .. endpoint, '-inf', text(now), 'LIMIT', 0, limit)
    for _, id in ipairs(again) do
      local position = redis.call('HGET', P .. 'event:' .. id, 'p')
      if position then found[#found + 1] = { id, tonumber(position), endpoint } end
    end
  end
  table.sort(found, function(one, other) return one[2] < other[2] end)
  return found
end
