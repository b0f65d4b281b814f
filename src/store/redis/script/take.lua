-- Hands out what is due, until LARGEST bytes are reached. ARGV: now, mark, limit, when the lease ends, endpoints. A store
-- that another receiver has made anew is left alone: what its records are sealed with, this one cannot open.
local mark = redis.call('GET', P .. 'seal')
if mark ~= ARGV[2] then return mark and 'foreign' or 'unsealed' end
local limit, answer, handed = tonumber(ARGV[3]), {}, {}
local found = due(5, limit)
if #found == 0 then return answer end
local fence = next_number()

-- Marks what nobody had yet, in this order: what is marked has a time at which it is due again. Answers whether it is to be
-- handed out.
local function begin(id, position, endpoint, record)
  local key = P .. 'state:' .. id
  handed[endpoint] = (handed[endpoint] or 0) + 1
  -- A call before came no further than this.
  if redis.call('HGET', key, 's') then return false end
  if record == '' then
    redis.call('ZADD', P .. 'in:quarantined', position, id)
    redis.call('ZADD', P .. 'retain', text(now), id)
    redis.call('HSET', key, 'p', position, 'e', endpoint, 's', 'quarantined', 'w', 'expected a record, but found none')
    return false
  end
  local retain, compared = line(record)
  redis.call('ZADD', P .. 'again:' .. endpoint, ARGV[4], id)
  redis.call('ZADD', P .. 'in:leased', position, id)
  redis.call('HSET', key, 'p', position, 'e', endpoint, 'r', retain or text(now + MARGIN), 's', 'leased', 'f', fence, 'a', 1)
  -- What a damaged record was is not known; when it came again it is taken as new, once this one is in quarantine.
  if compared then redis.call('HSET', key, 'k', compared) end
  return true
end

-- Marks what was handed out before. Answers the number of the attempt, and whether nobody said how the last one ended.
local function go_on(id, position, endpoint)
  local key = P .. 'state:' .. id
  local row = redis.call('HMGET', key, 's', 'a')
  local attempts = (tonumber(row[2]) or 0) + 1
  redis.call('ZADD', P .. 'again:' .. endpoint, ARGV[4], id)
  if row[1] ~= 'leased' then
    redis.call('ZREM', P .. 'in:ready', id)
    -- A call of `requeue.lua` was cut short behind all but the last.
    if row[1] and row[1] ~= 'ready' then redis.call('ZREM', P .. 'in:' .. row[1], id) end
    redis.call('ZADD', P .. 'in:leased', position, id)
  end
  -- Last: a call that is cut short half way does it all again.
  redis.call('HSET', key, 's', 'leased', 'f', fence, 'a', attempts)
  return attempts, row[1] == 'leased' and 1 or 0
end

local function hand_out(one)
  local id, position, endpoint = one[1], text(one[2]), one[3]
  local record = redis.call('GET', P .. 'event:' .. id) or ''
  if not one[4] then
    local attempts, abandoned = go_on(id, position, endpoint)
    answer[#answer + 1] = { position, id, fence, attempts, abandoned, record }
  elseif begin(id, position, endpoint, record) then
    answer[#answer + 1] = { position, id, fence, 1, 0, record }
  end
  return #record
end

-- Whoever asks again gets the rest: an answer without a bound would hold up all who share the connection. `turns.rs` says who
-- has which part of the bytes.
local taken, by_tried, shared = 0, 0, false
for _, one in ipairs(found) do shared = shared or one[5] == 0 end
for _, one in ipairs(found) do
  local is_tried = one[5] == 1
  if taken < LARGEST and not (is_tried and shared and by_tried >= LARGEST / 8) then
    local bytes = hand_out(one)
    taken = taken + bytes
    if is_tried then by_tried = by_tried + bytes end
  end
end
-- An entry goes with its last id.
for endpoint, count in pairs(handed) do
  local stream = P .. 'fresh:' .. endpoint
  local function head() return redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1] end
  local entry = head()
  local begun = count + handed_out(endpoint, entry)
  while entry and begun >= ids_of(entry) do
    begun = begun - ids_of(entry)
    redis.call('XDEL', stream, entry[1])
    entry = head()
  end
  redis.call('HSET', P .. 'begun', endpoint, entry and entry[1] .. ' ' .. begun or '')
  if entry then redis.call('HINCRBY', P .. 'untried', endpoint, -count) else redis.call('HDEL', P .. 'untried', endpoint) end
end
return answer
