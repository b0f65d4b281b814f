-- What every script of a store begins with. The rules: every key lies in the slot of the one key that is declared first,
-- whose end is cut off to name the others; and a script reads before it writes, appends before it claims.
--
--   P event:<id>    a record as it was accepted, which never changes: a line for the scripts (kept until, and what copies
--                   are compared by), a line of JSON for people, the content
--   P state:<id>    a hash: what became of the record (s p e r, f a w once it was tried), and who has taken its identity (k,
--                   and q v l u t x z y b where that is not the record alone). A record without one is ready, was not tried,
--                   and has its identity
--   P fence:<hex>   a second name of the identity whose id it holds
--   P fresh:<endpoint>  a Stream: ids that are ready and were not tried yet. An entry has what one call brought, each id
--                   behind the other, and its number is the position of the first one; the next one's is one more
--   P next          by endpoint, the first position that no entry has
--   P begun         by endpoint, an entry of which not all ids are handed out yet, and how many are
--   P untried       by endpoint, how many ids of the Stream are not
--   P again:<endpoint>  ids that are due at a time: after a failed try, or when the lease of their worker ends
--   P in:<state>      ids of all other records in a state, by position
--   P endpoints       endpoints that had a record
--   P told            how often a copy and a conflict were answered (duplicates conflicts)
--   P names           ids of identities, by when to look whether they and their records may be forgotten; not those of
--                     records that somebody still has to act on
--   P fences          fences, by when to look whether they may be forgotten
--   P retain          ids of the records without an identity of their own, by the time until which they are kept
--   P last            the last number that was given to an owner
--   P seal            a mark of the key that the records of this partition are sealed with
--   P touched         a counter that is written before replicas are waited for
--
-- Fields: p position, s state, a attempts, f owner's number, e endpoint, r kept until, w reason; k what copies are compared
-- by, q what took the identity if no record did, v until when that is remembered, l its owner's number, u end of its lease,
-- t its token, x the fences that go with its claim, z status, y type and b body of the answer.
local P = string.sub(KEYS[1], 1, -5)
local now = tonumber(ARGV[1])

-- Digits of an id.
local ID = 32

-- How much longer than asked a key lives on if nothing ever prunes it: 30 days.
local MARGIN = 2592000000

local function text(number) return string.format('%d', number) end

-- The server's microseconds: later numbers are larger, also after a failover that lost the last of them. A server gives
-- all of one script the same moment, so that it is asked once.
local asked
local function moment()
  if not asked then
    local time = redis.call('TIME')
    asked = tonumber(time[1]) * 1000000 + tonumber(time[2])
  end
  return asked
end

-- A number for an owner, larger than every one before, whatever the server's clock does.
local function next_number()
  local last = tonumber(redis.call('GET', P .. 'last') or '0')
  local number = text(math.max(last + 1, moment()))
  redis.call('SET', P .. 'last', number)
  return number
end

local function waiting(state) return state == 'ready' or state == 'leased' or state == 'parked' end

-- What the scripts know of a record: until when it is kept, and what copies are compared by.
local function line(record) return string.match(record, '^(%-?%d+) (%x*)\n') end

-- Records of this call that are on their way into the order, by id: their identities are taken.
local coming = {}

-- What is remembered of an identity. Past its retention that is nothing, unless its record still waits. The second
-- answer is whether anything lies under its id.
local function find(id)
  local key = P .. 'state:' .. id
  if coming[id] then return { id = id, compared = select(2, line(coming[id].record)), state = 'kept', lease = 0 }, true end
  -- Nearly every record is new, and this is the cheapest question.
  if redis.call('EXISTS', P .. 'event:' .. id, key) == 0 then return nil, false end
  local found = redis.call('HMGET', key, 'k', 's', 'q', 'r', 'v', 'u', 't', 'l')
  if not found[1] and not found[2] then
    local _, compared = line(redis.call('GETRANGE', P .. 'event:' .. id, 0, 95))
    return { id = id, compared = compared or '', state = 'kept', lease = 0 }, true
  end
  if not found[1] then return nil, true end
  local taken = { id = id, compared = found[1], state = found[3] or 'kept', lease = tonumber(found[6] or '0'),
    token = found[7], fence = found[8] }
  if tonumber(found[5] or found[4]) >= now then return taken, true end
  if taken.state == 'in_flight' then
    if taken.lease > now then return taken, true end
  elseif waiting(found[2]) then
    return taken, true
  end
  return nil, true
end

-- The end of keys that nothing ever prunes.
local function expire_later(id, retain)
  local rest = text(math.max(retain - now, 0) + MARGIN)
  redis.call('PEXPIRE', P .. 'event:' .. id, rest)
  redis.call('PEXPIRE', P .. 'state:' .. id, rest)
end

local function keep_on(id)
  redis.call('PERSIST', P .. 'event:' .. id)
  redis.call('PERSIST', P .. 'state:' .. id)
end

-- Forgets the record under an id, unless it waits, and leaves what took the identity. Answers how many that were.
local function forget_record(id)
  local key = P .. 'state:' .. id
  local state = redis.call('HGET', key, 's')
  redis.call('ZREM', P .. 'retain', id)
  if not state then
    -- Redis itself may have ended keys that nothing ever pruned.
    for _, state in ipairs({ 'delivered', 'quarantined' }) do redis.call('ZREM', P .. 'in:' .. state, id) end
    return 0
  end
  if waiting(state) then return 0 end
  redis.call('ZREM', P .. 'in:' .. state, id)
  redis.call('HDEL', key, 's', 'p', 'a', 'f', 'e', 'r', 'w')
  return redis.call('DEL', P .. 'event:' .. id)
end

-- Lets go of an identity, and keeps its record if there is one.
local function forget_claim(id)
  redis.call('HDEL', P .. 'state:' .. id, 'k', 'q', 'v', 'l', 'u', 't', 'x', 'z', 'y', 'b')
  redis.call('ZREM', P .. 'names', id)
end
