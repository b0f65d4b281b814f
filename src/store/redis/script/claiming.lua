-- What accept, claim and complete share. A record arrives as eleven arguments from ARGV[2] on.
local record = { identity = ARGV[2], id = ARGV[3], conflict = ARGV[4], fence = ARGV[5], compared = ARGV[6],
  retain = tonumber(ARGV[7]), endpoint = ARGV[8], problem = ARGV[9], header = ARGV[10], content = ARGV[11],
  seal = ARGV[12] }

-- The same decision as `verdict.rs` makes for the other stores.
local function verdict_of(taken)
  if not taken then return nil end
  if taken.state ~= 'in_flight' then return 'done' end
  return taken.lease > now and 'busy' or 'abandoned'
end

-- Counts an answer that keeps no event.
local function tell(what) redis.call('HINCRBY', P .. 'told', what, '1') end

local known

local function judge()
  local own
  own, known = find(record.identity)
  if own and own.compared ~= record.compared then return 'conflict', own end
  local other = find_fence(record.fence)
  local by_own, by_fence = verdict_of(own), verdict_of(other)
  if (not by_own or by_own == 'abandoned') and by_fence then return by_fence, other end
  if by_own then return by_own, own end
  return 'free', nil
end

-- Appends a record; nothing if one of this id still waits.
local function append(id, state, reason)
  local key = P .. 'event:' .. id
  if redis.call('EXISTS', key) == 1 then
    if waits(id) then return false end
    forget_event(id)
  end
  local position = text(next_number())
  redis.call('HSET', key, 'p', position, 's', state, 'a', '0', 'f', '0', 'e', record.endpoint, 'n', record.identity,
    'r', text(record.retain), 'h', record.header, 'c', record.content, 'g', record.seal, 'w', reason)
  redis.call('ZADD', P .. 'in:' .. state, position, id)
  if state == 'ready' then
    redis.call('ZADD', P .. 'fresh:' .. record.endpoint, position, id)
    redis.call('SADD', P .. 'endpoints', record.endpoint)
  else
    redis.call('ZADD', P .. 'retain', text(record.retain), id)
    expire_later(key, record.retain)
  end
  return true
end

-- Keeps other content under a taken identity for inspection, once per content.
local function quarantine()
  if redis.call('EXISTS', P .. 'event:' .. record.conflict) == 0 then
    append(record.conflict, 'quarantined', 'the identity came with other content before')
  end
end

-- Gives an abandoned claim, with its fences, to the identity that takes over.
local function take_from(old)
  if old == record.identity then return '' end
  local fences = redis.call('HGET', P .. 'name:' .. old, 'n') or ''
  local moved = ''
  for at = 1, #fences, 64 do
    local fence = string.sub(fences, at, at + 63)
    if redis.call('HGET', P .. 'name:' .. fence, 'o') == old then
      redis.call('HSET', P .. 'name:' .. fence, 'o', record.identity)
      moved = moved .. fence
    end
  end
  redis.call('DEL', P .. 'name:' .. old)
  redis.call('ZREM', P .. 'names', old)
  return moved
end

-- Takes the identity. `moved` are the fences of an abandoned claim.
local function put(moved, ...)
  local key = P .. 'name:' .. record.identity
  local fences = moved
  if known then
    fences = (redis.call('HGET', key, 'n') or '') .. moved
    redis.call('DEL', key)
  end
  redis.call('HSET', key, 'c', record.compared, 'r', text(record.retain), ...)
  if fences ~= '' then redis.call('HSET', key, 'n', fences) end
  redis.call('ZADD', P .. 'names', text(record.retain), record.identity)
end

-- Points the fence at the identity, which is taken.
local function put_fence()
  if record.fence == '' then return end
  local fences = redis.call('HGET', P .. 'name:' .. record.identity, 'n') or ''
  redis.call('DEL', P .. 'name:' .. record.fence)
  redis.call('HSET', P .. 'name:' .. record.fence, 'o', record.identity, 'r', text(record.retain))
  redis.call('ZADD', P .. 'fences', text(record.retain), record.fence)
  if not string.find(fences, record.fence, 1, true) then
    redis.call('HSET', P .. 'name:' .. record.identity, 'n', fences .. record.fence)
  end
end

-- Remembers the fence of a copy too: the copy was signed anew, and whoever captures it could replay it. A copy that was
-- recognised by its fence has an identity that is not taken, and leaves no trace.
local function note_fence()
  if record.fence == '' or find_fence(record.fence) or not find(record.identity) then return end
  put_fence()
end
