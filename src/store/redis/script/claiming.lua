-- What accept, claim and complete share.

-- A record arrives as three arguments, as each one costs: its id, what is rarely asked of it, and itself. What is rarely
-- asked is the id under which it is kept if its own is taken by other content, its fence and its problem.
local RECORD, PLAIN = 3, 34
local function read(at)
  local record = { id = ARGV[at], facts = ARGV[at + 1], record = ARGV[at + 2], fence = '', problem = '' }
  if #record.facts > PLAIN then record.fence, record.problem = string.match(record.facts, '^%x+ (%x*) (.*)$') end
  return record
end
local function conflict_id(record) return string.sub(record.facts, 1, ID) end
local function kept_until(record) return (line(record.record)) end
local function compared_by(record) return select(2, line(record.record)) end

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
  if own and own.compared ~= compared_by(record) then return 'conflict', own end
  local owner = record.fence ~= '' and redis.call('GET', P .. 'fence:' .. record.fence)
  if owner then other = find(owner) end
  local by_own, by_fence = verdict_of(own), verdict_of(other)
  if (not by_own or by_own == 'abandoned') and by_fence then return by_fence, other end
  if by_own then return by_own, own end
  return 'free', nil
end

-- Records that became ready in this call, as they came.
local arrived = {}

-- Puts them in the order of acceptance, by one entry, as each would cost as much alone; then keeps them. An id that stands
-- there without a record is noticed when it is handed out; a record that stands nowhere would never be.
local function enqueue()
  if #arrived == 0 then return end
  -- The server's clock may have gone back.
  local first = math.max(moment(), tonumber(redis.call('HGET', P .. 'next', endpoint) or '0'))
  local ids = {}
  for at, record in ipairs(arrived) do ids[at] = record.id end
  redis.call('XADD', P .. 'fresh:' .. endpoint, text(first) .. '-0', 'ids', table.concat(ids))
  redis.call('HSET', P .. 'next', endpoint, text(first + #arrived))
  redis.call('HINCRBY', P .. 'untried', endpoint, #arrived)
  for _, record in ipairs(arrived) do redis.call('SET', P .. 'event:' .. record.id, record.record) end
end

-- Appends a record under an id; nothing if one of this id still waits. What is ready follows with the others.
local function append(record, id, state, reason)
  local key = P .. 'state:' .. id
  if record.known then
    if waiting(redis.call('HGET', key, 's')) then return end
    forget_record(id)
    keep_on(id)
  end
  if state == 'ready' then
    coming[id] = record
    arrived[#arrived + 1] = record
    return
  end
  local position = next_number()
  redis.call('ZADD', P .. 'in:' .. state, position, id)
  redis.call('HSET', key, 'p', position, 's', state, 'e', endpoint, 'r', kept_until(record), 'w', reason)
  redis.call('SET', P .. 'event:' .. id, record.record)
  expire_later(id, kept_until(record))
end

-- Keeps other content under a taken identity for inspection, once per content.
local function quarantine(record)
  local id = conflict_id(record)
  if redis.call('EXISTS', P .. 'event:' .. id) == 1 then return end
  record.known = false
  append(record, id, 'quarantined', 'the identity came with other content before')
  redis.call('ZADD', P .. 'retain', kept_until(record), id)
end

local function point_fence(record)
  redis.call('SET', P .. 'fence:' .. record.fence, record.id)
  redis.call('ZADD', P .. 'fences', kept_until(record), record.fence)
end

-- Takes the record's fence, and those of the claim that is taken over. Answers all of them.
local function take_fences(record, abandoned)
  local fences = record.known and redis.call('HGET', P .. 'state:' .. record.id, 'x') or ''
  if abandoned and abandoned.id ~= record.id then
    local others = redis.call('HGET', P .. 'state:' .. abandoned.id, 'x') or ''
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
  local key = P .. 'state:' .. record.id
  local held = redis.call('HMGET', key, 'q', 'x')
  if held[1] ~= 'in_flight' or string.find(held[2], record.fence, 1, true) then return end
  redis.call('HSET', key, 'x', held[2] .. record.fence)
end
