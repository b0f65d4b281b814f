-- ARGV: now, identity, fence.
local key = P .. 'name:' .. ARGV[2]
local held = redis.call('HMGET', key, 's', 'f', 'n')
if held[1] ~= 'in_flight' or held[2] ~= ARGV[3] then return 0 end
local fences = held[3] or ''
for at = 1, #fences, 64 do
  local fence = string.sub(fences, at, at + 63)
  if redis.call('HGET', P .. 'name:' .. fence, 'o') == ARGV[2] then
    redis.call('DEL', P .. 'name:' .. fence)
    redis.call('ZREM', P .. 'fences', fence)
  end
end
redis.call('DEL', key)
redis.call('ZREM', P .. 'names', ARGV[2])
return 1
