-- What may be handed out, in the order of acceptance: id, position and endpoint each. ARGV: now, then others, then from
-- `from` on endpoints, or none for all.
local function due(from, limit)
  local endpoints = {}
  for at = from, #ARGV do endpoints[#endpoints + 1] = ARGV[at] end
  if #endpoints == 0 then endpoints = redis.call('SMEMBERS', P .. 'endpoints') end
  local found = {}
  for _, endpoint in ipairs(endpoints) do
    local fresh = redis.call('ZRANGE', P .. 'fresh:' .. endpoint, 0, limit - 1, 'WITHSCORES')
    for at = 1, #fresh, 2 do found[#found + 1] = { fresh[at], tonumber(fresh[at + 1]), endpoint } end
    local again = redis.call('ZRANGEBYSCORE', P .. 'again:' .. endpoint, '-inf', text(now), 'LIMIT', 0, limit)
    for _, id in ipairs(again) do
      local position = redis.call('HGET', P .. 'event:' .. id, 'p')
      if position then found[#found + 1] = { id, tonumber(position), endpoint } end
    end
  end
  table.sort(found, function(one, other) return one[2] < other[2] end)
  return found
end
