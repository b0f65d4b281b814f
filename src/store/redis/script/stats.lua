-- Answers the records in each state, the identities, and the position and id of the first record that waits.
local first
local function count(part, waits)
  local head = waits and redis.call('ZRANGE', P .. part, 0, 0, 'WITHSCORES') or {}
  if head[1] and (not first or tonumber(head[2]) < tonumber(first[2])) then first = head end
  return redis.call('ZCARD', P .. part)
end
local ready, leased = count('in:ready', true), count('in:leased', true)
for _, endpoint in ipairs(redis.call('SMEMBERS', P .. 'endpoints')) do
  ready = ready + count('fresh:' .. endpoint, true)
end
local delivered, parked, quarantined = count('in:delivered'), count('in:parked'), count('in:quarantined')
local answer = { ready, leased, delivered, parked, quarantined, count('names') + ready + leased + parked }
if first then
  answer[7] = text(tonumber(first[2]))
  answer[8] = redis.call('HGET', P .. 'event:' .. first[1], 'h') or ''
end
return answer
