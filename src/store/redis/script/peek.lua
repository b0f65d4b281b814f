-- Answers position and id of what is due, in the order of acceptance.
local limit, answer = tonumber(ARGV[2]), {}
for at, one in ipairs(due(3, limit)) do
  if at > limit then break end
  answer[at] = { text(one[2]), one[1] }
end
return answer
