-- What every script of a store begins with. The rules: every key lies in the slot of the one key that is declared first,
-- whose end is cut off to name the others; and a script reads before it writes, appends before it claims.
--
--   P last            the last number that was given out: positions and fences
--   P name:<hex>      a taken identity (c s f u t r n a y b) or, with o, a fence: a second name of the identity o
--   P names           identities, by when to look whether they and their records may be forgotten; not those of records
--                     that somebody still has to act on
--   P fences          fences, by when to look whether they may be forgotten
--   P event:<id>      a record (p s a f e n r h c g w); its identity is taken for as long as it is there
--   P fresh:<endpoint>  ids that are ready and were not tried yet, by position
--   P again:<endpoint>  ids that are due at a time: after a failed try, or when the lease of their worker ends
--   P in:<state>      ids of all other records in a state, by position
--   P endpoints       endpoints that had a record
--   P retain          ids of the records without an identity of their own, by the time until which they are kept
--   P touched         a counter that is written before replicas are waited for
local P = string.sub(KEYS[1], 1, -5)
local now = tonumber(ARGV[1])

-- How much longer than asked a key lives on if nothing ever prunes it: 30 days.
local MARGIN = 2592000000

local function text(number) return string.format('%.0f', number) end

-- A number larger than every one before, also after a failover that lost the last of them: the server's microseconds.
local function next_number()
  local time = redis.call('TIME')
  local number = text(tonumber(time[1]) * 1000000 + tonumber(time[2]))
  local last = redis.call('SET', P .. 'last', number, 'GET')
  if not last or tonumber(last) < tonumber(number) then return number end
  number = text(tonumber(last) + 1)
  redis.call('SET', P .. 'last', number)
  return number
end

local function waits(id)
  local state = redis.call('HGET', P .. 'event:' .. id, 's')
  return state == 'ready' or state == 'leased' or state == 'parked'
end

-- What is remembered of an identity. Past its retention that is nothing, unless its record still waits. The second
-- answer is whether there is anything under the name at all.
local function find(name)
  local found = redis.call('HMGET', P .. 'name:' .. name, 's', 'c', 'u', 'r', 't', 'f')
  if not found[1] then return nil, false end
  local taken = { name = name, state = found[1], compared = found[2], lease = tonumber(found[3] or '0'),
    token = found[5], fence = found[6] }
  if tonumber(found[4]) >= now then return taken, true end
  if taken.state == 'in_flight' then
    if taken.lease > now then return taken, true end
  elseif waits(string.sub(name, 1, 32)) then
    return taken, true
  end
  return nil, true
end

-- What is remembered of the identity behind a fence. The second answer is whether the fence points at any.
local function find_fence(fence)
  local owner = fence ~= '' and redis.call('HGET', P .. 'name:' .. fence, 'o')
  if not owner then return nil, false end
  return (find(owner)), true
end

-- The end of a record or name that nothing ever prunes.
local function expire_later(key, retain)
  redis.call('PEXPIRE', key, text(math.max(retain - now, 0) + MARGIN))
end

-- Forgets a record. Answers how many records that were.
local function forget_event(id)
  local key = P .. 'event:' .. id
  local found = redis.call('HMGET', key, 's', 'e')
  for _, state in ipairs({ found[1] or 'delivered', 'quarantined' }) do redis.call('ZREM', P .. 'in:' .. state, id) end
  if found[2] then
    redis.call('ZREM', P .. 'fresh:' .. found[2], id)
    redis.call('ZREM', P .. 'again:' .. found[2], id)
  end
  redis.call('ZREM', P .. 'retain', id)
  return redis.call('DEL', key)
end
