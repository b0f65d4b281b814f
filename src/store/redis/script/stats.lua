-- Answers the records in each state, the identities, the copies and conflicts that were answered, and the position and
-- header of the first record that waits.
local answer, first = {}, nil
for at, state in ipairs({ 'ready', 'leased', 'delivered', 'parked', 'quarantined' }) do
  answer[at] = redis.call('ZCARD', P .. 'in:' .. state)
  if at <= 2 then
    local head = redis.call('ZRANGE', P .. 'in:' .. state, 0, 0, 'WITHSCORES')
    if head[1] and (not first or tonumber(head[2]) < tonumber(first[2])) then first = head end
  end
end
answer[6] = redis.call('ZCARD', P .. 'names')
local told = redis.call('HMGET', P .. 'told', 'duplicates', 'conflicts')
answer[7], answer[8] = told[1] or '0', told[2] or '0'
if first then
  answer[9] = text(tonumber(first[2]))
  answer[10] = redis.call('HGET', P .. 'event:' .. first[1], 'h') or ''
end
return answer
