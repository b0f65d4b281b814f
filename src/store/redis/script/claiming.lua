-- What accept, claim and complete share.

-- A record arrives as nine arguments.
local RECORD = 9
local function read(at)
  return { id = ARGV[at], conflict = ARGV[at + 1], fence = ARGV[at + 2], compared = ARGV[at + 3],
    retain = ARGV[at + 4], problem = ARGV[at + 5], header = ARGV[at + 6], content = ARGV[at + 7],
    seal = ARGV[at + 8] }
end

-- The endpoint that all records of one call came to, and the mark of the key that they are sealed with. A server that came
-- back empty has no mark, and one that was given to another receiver meanwhile has another: nothing is written then.
local endpoint = ARGV[2]
local mark = redis.call('GET', P .. 'seal')
if mark ~= ARGV[3] then return mark and 'foreign' or 'unsealed' end

-- The same decision as `verdict.rs` makes for the other stores.
local function verdict_of(taken)
  if not taken then return nil end
  if taken.state ~= 'in_flight' then return 'done' end
  return taken.lease > now and 'busy' or 'abandoned'
end

-- Counts an answer that keeps no event.
local function tell(what) redis.call('HINCRBY', P .. 'told', what, '1') end

-- Decides, and notes whether anything lies under the record's id.
local function judge(record)
  local own, other
  own, record.known = find(record.id)
  if own and own.compared ~= record.compared then return 'conflict', own end
  local owner = record.fence ~= '' and redis.call('GET', P .. 'fence:' .. record.fence)
  if owner then other = find(owner) end
  local by_own, by_fence = verdict_of(own), verdict_of(other)
  if (not by_own or by_own == 'abandoned') and by_fence then return by_fence, other end
  if by_own then return by_own, own end
  return 'free', nil
end

-- Where a record stands in the order of acceptance.
local latest = 0
local function position_in(stream, id)
  local position = math.max(moment(), latest + 1)
  local words = text(position)
  if redis.pcall('XADD', stream, words .. '-0', 'i', id).err then
    -- The clock went back: the number after the last one, if this is why.
    local info, last = redis.call('XINFO', 'STREAM', stream), nil
    for at = 1, #info, 2 do
      if info[at] == 'last-generated-id' then last = info[at + 1] end
    end
    position = tonumber(string.match(last, '^%d+')) + 1
    words = text(position)
    redis.call('XADD', stream, words .. '-0', 'i', id)
  end
  latest = position
  return words
end

-- Appends a record, and with it what else is to be written under its id; nothing if one of this id still waits.
local function append(record, id, state, reason, ...)
  local key = P .. 'event:' .. id
  if record.known then
    if waiting(redis.call('HGET', key, 's')) then return false end
    forget_record(id)
    redis.call('PERSIST', key)
  end
  local position
  if state == 'ready' then
    position = position_in(P .. 'fresh:' .. endpoint, id)
  else
    latest = math.max(tonumber(next_number()), latest + 1)
    position = text(latest)
    redis.call('ZADD', P .. 'in:' .. state, position, id)
  end
  redis.call('HSET', key, 'p', position, 's', state, 'e', endpoint, 'r', record.retain,
    'h', record.header, 'c', record.content, 'g', record.seal, ...)
  if reason ~= '' then redis.call('HSET', key, 'w', reason) end
  if state ~= 'ready' then expire_later(key, record.retain) end
  return true
end

-- Keeps other content under a taken identity for inspection, once per content.
local function quarantine(record)
  if redis.call('EXISTS', P .. 'event:' .. record.conflict) == 1 then return end
  record.known = false
  append(record, record.conflict, 'quarantined', 'the identity came with other content before')
  redis.call('ZADD', P .. 'retain', record.retain, record.conflict)
end

local function point_fence(record)
  redis.call('SET', P .. 'fence:' .. record.fence, record.id)
  redis.call('ZADD', P .. 'fences', record.retain, record.fence)
end

-- Takes the record's fence, and those of the claim that is taken over. Answers all of them.
local function take_fences(record, abandoned)
  local fences = record.known and redis.call('HGET', P .. 'event:' .. record.id, 'x') or ''
  if abandoned and abandoned.id ~= record.id then
    local others = redis.call('HGET', P .. 'event:' .. abandoned.id, 'x') or ''
    for at = 1, #others, 64 do
      local fence = string.sub(others, at, at + 63)
      if redis.call('GET', P .. 'fence:' .. fence) == abandoned.id then
        redis.call('SET', P .. 'fence:' .. fence, record.id)
        fences = fences .. fence
      end
    end
    forget_claim(abandoned.id)
  end
  if record.fence == '' then return fences end
  point_fence(record)
  if string.find(fences, record.fence, 1, true) then return fences end
  return fences .. record.fence
end

-- Remembers the fence of a copy too: the copy was signed anew, and whoever captures it could replay it. A copy that was
-- recognised by its fence has an identity that is not taken, and leaves no trace.
local function note_fence(record)
  if record.fence == '' then return end
  local owner = redis.call('GET', P .. 'fence:' .. record.fence)
  if owner and find(owner) or not find(record.id) then return end
  point_fence(record)
  local key = P .. 'event:' .. record.id
  local fences = redis.call('HGET', key, 'x') or ''
  if not string.find(fences, record.fence, 1, true) then redis.call('HSET', key, 'x', fences .. record.fence) end
end
