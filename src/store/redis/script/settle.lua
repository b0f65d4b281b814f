-- Ends the leases of records. ARGV: now, the new state, when it is due, a reason, then ids each with its owner's number.
-- Answers how many of them the caller held. What is `returned` is ready, and the attempt that was counted is taken back.
-- The state is written last: a call that is cut short half way, as by a slot that moves to another node, does it all again.
local state, at, reason, count = ARGV[2], ARGV[3], ARGV[4], 0
local returned = state == 'returned'
if returned then state = 'ready' end
for place = 5, #ARGV, 2 do
  local id, fence = ARGV[place], ARGV[place + 1]
  local key = P .. 'state:' .. id
  local row = redis.call('HMGET', key, 's', 'f', 'e', 'r', 'p', 'w', 'a')
  if row[1] == 'leased' and row[2] == fence then
    count = count + 1
    local from, outcome, attempts = at, { 's', state }, tonumber(row[7]) or 0
    if returned then
      attempts = attempts - 1
      outcome = { 's', state, 'a', text(attempts) }
    elseif reason ~= (row[6] or '') then
      outcome = { 's', state, 'w', reason }
    end
    -- Before all time only what nobody tried: `due` sees that first.
    if not returned or attempts > 0 then from = text(math.max(tonumber(at), 1)) end
    redis.call('ZREM', P .. 'in:leased', id)
    redis.call('ZADD', P .. 'in:' .. state, row[5] or '0', id)
    if state == 'ready' then
      redis.call('ZADD', P .. 'again:' .. row[3], from, id)
    else
      redis.call('ZREM', P .. 'again:' .. (row[3] or ''), id)
    end
    if state == 'delivered' or state == 'quarantined' then
      local retain = tonumber(row[4]) or now
      redis.call('ZADD', P .. 'names', retain, id)
      expire_later(id, retain)
    end
    redis.call('HSET', key, unpack(outcome))
  end
end
return count
