-- The first ids of an endpoint's Stream that nobody had and that stand behind a position, if one is given: each with its
-- position, the endpoint, that it is fresh, and no attempts; `limit` of them at most.
local function untried(endpoint, limit, after)
  local stream, from, found = P .. 'fresh:' .. endpoint, '-', {}
  local begun = tonumber(redis.call('HGET', P .. 'begun', endpoint) or '0')
  local head = begun > 0 and redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  -- An entry that begins before the position may have ids behind it.
  if after then from = text(math.max(after + 1 - MOST, 0)) end
  local step = math.ceil(limit / 16)
  while true do
    local entries = redis.call('XRANGE', stream, from, '+', 'COUNT', step)
    for _, entry in ipairs(entries) do
      local first, members = tonumber(string.match(entry[1], '^%d+')), entry[2]
      local handed = head and head[1] == entry[1] and begun or 0
      for at = 2 + 2 * handed, #members, 2 do
        local position = first + at / 2 - 1
        if not after or position > after then found[#found + 1] = { members[at], position, endpoint, true, 0 } end
        if #found == limit then return found end
      end
      from = '(' .. entry[1]
    end
    if #entries < step then return found end
    step = step * 2
  end
end
