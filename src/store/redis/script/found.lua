-- Makes a store's plan if there is none and nothing was kept under another one, and answers the plan. ARGV: now, version, partitions, seal, check of the seal.
if ARGV[2] ~= '' and redis.call('EXISTS', P .. 'plan', P .. 'seal') == 0 then
  redis.call('HSET', P .. 'plan', 'version', ARGV[2], 'partitions', ARGV[3], 'seal', ARGV[4], 'check', ARGV[5])
end
return redis.call('HMGET', P .. 'plan', 'version', 'partitions', 'seal', 'check')
