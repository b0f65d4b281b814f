-- What accept, claim and complete share. A record arrives as eleven arguments from ARGV[2] on.
local record = { identity = ARGV[2], id = ARGV[3], conflict = ARGV[4], fence = ARGV[5], compared = ARGV[6],
  retain = ARGV[7], endpoint = ARGV[8], problem = ARGV[9], header = ARGV[10], content = ARGV[11],
  seal = ARGV[12] }

-- The same decision as `verdict.rs` makes for the other stores.
local function verdict_of(taken)
  if not taken then return nil end
  if taken.state ~= 'in_flight' then return 'done' end
  return taken.lease > now and 'busy' or 'abandoned'
end

-- Whether there is anything under the record's two names, remembered or not.
local known, fenced

local function judge()
  local own, other
  own, known = find(record.identity)
  if own and own.compared ~= record.compared then return 'conflict', own end
  other, fenced = find_fence(record.fence)
  local by_own, by_fence = verdict_of(own), verdict_of(other)
  if (not by_own or by_own == 'abandoned') and by_fence then return by_fence, other end
  if by_own then return by_own, own end
  return 'free', nil
end

-- Appends a record; nothing if one of this id still waits. `alone` is a record without an identity of its own.
local function append(id, state, reason, alone)
  local key = P .. 'event:' .. id
  if redis.call('EXISTS', key) == 1 then
    if waits(id) then return false end
    forget_event(id)
  end
  local position = next_number()
  redis.call('HSET', key, 'p', position, 's', state, 'a', '0', 'f', '0', 'e', record.endpoint, 'n', record.identity,
    'r', record.retain, 'h', record.header, 'c', record.content, 'g', record.seal, 'w', reason)
  if state == 'ready' then
    redis.call('ZADD', P .. 'fresh:' .. record.endpoint, position, id)
    redis.call('SADD', P .. 'endpoints', record.endpoint)
  else
    redis.call('ZADD', P .. 'in:' .. state, position, id)
    if alone then redis.call('ZADD', P .. 'retain', record.retain, id) end
    expire_later(key, record.retain)
  end
  return true
end

-- Keeps other content under a taken identity for inspection, once per content.
local function quarantine()
  if redis.call('EXISTS', P .. 'event:' .. record.conflict) == 0 then
    append(record.conflict, 'quarantined', 'the identity came with other content before', true)
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

-- Points the fence at the identity.
local function point_fence()
  local key = P .. 'name:' .. record.fence
  if fenced then redis.call('DEL', key) end
  redis.call('HSET', key, 'o', record.identity, 'r', record.retain)
  redis.call('ZADD', P .. 'fences', record.retain, record.fence)
end

-- Takes the identity for a record or a handler in `state`. `moved` are the fences of an abandoned claim.
local function put(moved, state, ...)
  local key = P .. 'name:' .. record.identity
  local fences = moved
  if known then
    fences = (redis.call('HGET', key, 'n') or '') .. moved
    redis.call('DEL', key)
    if state == 'in_flight' then
      -- A record that is past its retention has no identity of its own any more.
      local retain = redis.call('HGET', P .. 'event:' .. record.id, 'r')
      if retain then redis.call('ZADD', P .. 'retain', retain, record.id) end
    end
  end
  if record.fence ~= '' then
    if not string.find(fences, record.fence, 1, true) then fences = fences .. record.fence end
    point_fence()
  end
  redis.call('HSET', key, 'c', record.compared, 'r', record.retain, 'n', fences, ...)
  if state ~= 'ready' then
    redis.call('ZADD', P .. 'names', record.retain, record.identity)
  elseif known then
    redis.call('ZREM', P .. 'names', record.identity)
  end
end

-- Remembers the fence of a copy too: the copy was signed anew, and whoever captures it could replay it. A copy that was
-- recognised by its fence has an identity that is not taken, and leaves no trace.
local function note_fence()
  if record.fence == '' or find_fence(record.fence) or not find(record.identity) then return end
  point_fence()
  local key = P .. 'name:' .. record.identity
  local fences = redis.call('HGET', key, 'n') or ''
  if not string.find(fences, record.fence, 1, true) then redis.call('HSET', key, 'n', fences .. record.fence) end
end
