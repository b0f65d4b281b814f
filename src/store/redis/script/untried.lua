-- How many ids an entry has, and one of them.
local function ids_of(entry) return math.ceil(#entry[2][2] / ID) end
local function id_of(entry, at) return string.sub(entry[2][2], (at - 1) * ID + 1, at * ID) end

-- How many ids of an entry are handed out.
local function handed_out(endpoint, entry)
  local begun, count = string.match(redis.call('HGET', P .. 'begun', endpoint) or '', '^(%S+) (%d+)$')
  return entry and begun == entry[1] and tonumber(count) or 0
end

-- The first ids of an endpoint's Stream that nobody had and that stand behind a position, if one is given: each with its
-- position, the endpoint, that it is fresh, and no attempts; `limit` of them at most.
local function untried(endpoint, limit, after)
  local stream, from, found, last = P .. 'fresh:' .. endpoint, '-', {}, 0
  local begun = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  local skip = handed_out(endpoint, begun)
  -- An entry that begins before the position may have ids behind it.
  if after then from = text(math.max(after + 1 - MOST, 0)) end
  local step = math.ceil(limit / 16)
  while true do
    local entries = redis.call('XRANGE', stream, from, '+', 'COUNT', step)
    for _, entry in ipairs(entries) do
      local first = tonumber(string.match(entry[1], '^%d+'))
      local handed = entry[1] == begun[1] and skip or 0
      for at = 1 + handed, ids_of(entry) do
        -- Whatever the numbers of entries are: what is handed out is always the beginning of the Stream.
        last = math.max(first + at - 1, last + 1)
        if not after or last > after then found[#found + 1] = { id_of(entry, at), last, endpoint, true, 0 } end
        if #found == limit then return found end
      end
      from = '(' .. entry[1]
    end
    if #entries < step then return found end
  end
end
