-- Answers what is handed out, in the order of acceptance: whether it was tried, and its position.
local limit, answer = tonumber(ARGV[2]), {}
for at, one in ipairs(due(3, limit)) do answer[at] = { one[5], text(one[2]) } end
return answer
