-- Answers the records in each state, the identities, and the position and id of the first record that waits.
local answer, first = {}, nil
for at, state in ipairs({ 'ready', 'leased', 'delivered', 'parked', 'quarantined' }) do
  answer[at] = redis.call('ZCARD', P .. 'in:' .. state)
  if at <= 2 then
    local head = redis.call('ZRANGE', P .. 'in:' .. state, 0, 0, 'WITHSCORES')
    if head[1] and (not first or tonumber(head[2]) < tonumber(first[2])) then first = head end
  end
end
answer[6] = redis.call('ZCARD', P .. 'names')
if first then
  answer[7] = text(tonumber(first[2]))
  answer[8] = redis.call('HGET', P .. 'event:' .. first[1], 'h') or ''
end
return answer
