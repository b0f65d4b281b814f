-- What is handed out, in the order of acceptance: id, position and endpoint each, its entry if nobody had it yet, and
-- whether it was tried. Where more is due than `limit`, `turns.rs` says who goes first.
-- ARGV from `from` on: endpoints, or none for all.
local function by_position(one, other) return one[2] < other[2] end

local function due(from, limit)
  local endpoints = {}
  for at = from, #ARGV do endpoints[#endpoints + 1] = ARGV[at] end
  if #endpoints == 0 then endpoints = redis.call('SMEMBERS', P .. 'endpoints') end
  local fresh, tried = {}, {}
  for _, endpoint in ipairs(endpoints) do
    for _, entry in ipairs(redis.call('XRANGE', P .. 'fresh:' .. endpoint, '-', '+', 'COUNT', limit)) do
      fresh[#fresh + 1] = { entry[2][2], tonumber(string.match(entry[1], '^%d+')), endpoint, entry[1], 0 }
    end
    local again = redis.call('ZRANGEBYSCORE', P .. 'again:' .. endpoint, '-inf', text(now), 'LIMIT', 0, limit)
    for _, id in ipairs(again) do
      local row = redis.call('HMGET', P .. 'event:' .. id, 'p', 'a')
      local is_tried = (tonumber(row[2]) or 0) > 0
      local kind = is_tried and tried or fresh
      if row[1] then kind[#kind + 1] = { id, tonumber(row[1]), endpoint, false, is_tried and 1 or 0 } end
    end
  end
  table.sort(fresh, by_position)
  table.sort(tried, by_position)
  local others = math.min(#tried, math.max(limit - #fresh, math.floor(limit / 8), limit > 1 and 1 or 0))
  local found = {}
  for at = 1, math.min(#fresh, limit - others) do found[#found + 1] = fresh[at] end
  for at = 1, others do found[#found + 1] = tried[at] end
  table.sort(found, by_position)
  return found
end
