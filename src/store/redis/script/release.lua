-- ARGV: now, id, the owner's number.
local id = ARGV[2]
local held = redis.call('HMGET', P .. 'state:' .. id, 'q', 'l', 'x')
if held[1] ~= 'in_flight' or held[2] ~= ARGV[3] then return 0 end
local fences = held[3] or ''
for at = 1, #fences, 64 do
  local fence = string.sub(fences, at, at + 63)
  if redis.call('GET', P .. 'fence:' .. fence) == id then
    redis.call('DEL', P .. 'fence:' .. fence)
    redis.call('ZREM', P .. 'fences', fence)
  end
end
forget_claim(id)
return 1
