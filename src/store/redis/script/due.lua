-- What is handed out, in the order of acceptance: id, position and endpoint each, whether nobody had it yet, and whether
-- it was tried. Where more is due than `limit`, `turns.rs` says who goes first.
-- ARGV from `from` on: endpoints, or none for all.
local function by_position(one, other)
  -- What shares a position stays as it was found.
  if one[2] == other[2] then return one[6] < other[6] end
  return one[2] < other[2]
end

local function put(list, one)
  one[6] = #list + 1
  list[one[6]] = one
end

local function due(from, limit)
  local endpoints = {}
  for at = from, #ARGV do endpoints[#endpoints + 1] = ARGV[at] end
  if #endpoints == 0 then endpoints = redis.call('SMEMBERS', P .. 'endpoints') end
  local fresh, tried = {}, {}
  for _, endpoint in ipairs(endpoints) do
    for _, one in ipairs(untried(endpoint, limit)) do put(fresh, one) end
    local again = redis.call('ZRANGEBYSCORE', P .. 'again:' .. endpoint, '-inf', text(now), 'LIMIT', 0, limit)
    for _, id in ipairs(again) do
      local row = redis.call('HMGET', P .. 'state:' .. id, 'p', 'a')
      local is_tried = (tonumber(row[2]) or 0) > 0
      if row[1] then put(is_tried and tried or fresh, { id, tonumber(row[1]), endpoint, false, is_tried and 1 or 0 }) end
    end
  end
  table.sort(fresh, by_position)
  table.sort(tried, by_position)
  local others = math.min(#tried, math.max(limit - #fresh, math.floor(limit / 8), limit > 1 and 1 or 0))
  local found = {}
  for at = 1, math.min(#fresh, limit - others) do put(found, fresh[at]) end
  for at = 1, others do put(found, tried[at]) end
  table.sort(found, by_position)
  return found
end
