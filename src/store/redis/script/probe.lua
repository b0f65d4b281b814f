-- Changes nothing; a server that would take no record refuses it, as it may write.
return redis.call('GET', P .. 'seal') or ''
