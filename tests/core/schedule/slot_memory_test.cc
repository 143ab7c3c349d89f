#include "core/schedule/slot_memory.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

// A byte a token.
SlotRules Rules(int64_t bytes_of_ram) {
  SlotRules rules;
  rules.on = true;
  rules.token = Bytes(1);
  rules.ram = bytes_of_ram != 0;
  rules.limit = Bytes(bytes_of_ram);
  return rules;
}

SlotMemory::Prompt Of(int32_t session, int64_t tokens, int64_t shared = 0) {
  return {session, shared > 0 ? 0 : -1, shared, tokens};
}

// One request after the other: what each finds.
class Server {
 public:
  Server(const SlotRules& rules, int64_t slots) : memory(rules, slots, 10, 1) {}
  SlotMemory::Start Ask(const SlotMemory::Prompt& prompt, int64_t answer = 10) {
    const SlotMemory::Start start = memory.Begin(prompt);
    memory.End(start.slot, prompt, prompt.tokens + answer);
    return start;
  }
  SlotMemory memory;
};

// Two slots, three conversations in turn: each loses its slot before it comes again.
TEST(SlotMemory, AThirdConversationTakesTheSlotThatWasReleasedFirst) {
  Server server(Rules(0), 2);
  EXPECT_EQ(server.Ask(Of(0, 100)).slot, 1) << "the last of those that were never used";
  EXPECT_EQ(server.Ask(Of(1, 100)).slot, 0);
  EXPECT_EQ(server.Ask(Of(0, 150)).kept, 110);
  for (const int32_t session : {2, 1, 0, 2}) {
    const SlotMemory::Start start = server.Ask(Of(session, 300));
    EXPECT_EQ(start.kept + start.loaded, 0) << session;
    EXPECT_EQ(start.copied, Bytes(0));
  }
}

// The same with RAM: what the slot loses goes there, and what it had comes back; each 110 tokens.
TEST(SlotMemory, WhatASlotLosesComesBackFromRam) {
  Server server(Rules(1000), 2);
  for (const int32_t session : {0, 1}) EXPECT_EQ(server.Ask(Of(session, 100)).copied, Bytes(0)) << session;
  SlotMemory::Start start = server.Ask(Of(2, 100));
  EXPECT_EQ(start.loaded, 0);
  EXPECT_EQ(start.copied, Bytes(110)) << "session 0 goes";
  EXPECT_EQ(server.memory.used(), Bytes(110));
  start = server.Ask(Of(0, 200));
  EXPECT_EQ(start.kept, 0);
  EXPECT_EQ(start.loaded, 110);
  EXPECT_EQ(start.copied, Bytes(220)) << "session 1 goes, session 0 comes";
  EXPECT_EQ(server.memory.used(), Bytes(110)) << "and leaves RAM";
  EXPECT_EQ(server.Ask(Of(2, 200)).kept, 110) << "it has its slot still";
}

TEST(SlotMemory, TheOldestMakesRoom) {
  Server server(Rules(250), 1);
  for (const int32_t session : {0, 1, 2, 3}) server.Ask(Of(session, 100));
  EXPECT_EQ(server.memory.used(), Bytes(220)) << "of sessions 1 and 2; 0 made room";
  EXPECT_EQ(server.Ask(Of(0, 200)).loaded, 0) << "for session 3 session 1 went";
  EXPECT_EQ(server.memory.used(), Bytes(220));
  EXPECT_EQ(server.Ask(Of(2, 200)).copied, Bytes(210)) << "for the 210 of session 0 all of RAM made room";
  EXPECT_EQ(server.memory.used(), Bytes(210));
  Server small(Rules(109), 1);
  small.Ask(Of(0, 20));
  small.Ask(Of(1, 100));
  EXPECT_EQ(small.memory.used(), Bytes(30));
  EXPECT_EQ(small.Ask(Of(0, 40)).loaded, 30) << "nobody makes room for what does not fit anyway";
}

// Without a limit of bytes there is one of tokens.
TEST(SlotMemory, TokensAreLimitedWhereBytesAreNot) {
  SlotRules rules = Rules(-1);
  rules.limit = Bytes(0);
  rules.limit_tokens = 250;
  Server server(rules, 1);
  for (const int32_t session : {0, 1, 2, 3}) server.Ask(Of(session, 100));
  EXPECT_EQ(server.memory.saved_tokens(), 220);
  EXPECT_EQ(server.Ask(Of(1, 200)).loaded, 110);
}

// A slot that shares 10 % or less of a request is none for it.
TEST(SlotMemory, LittleInCommonIsNothing) {
  Server server(Rules(0), 2);
  server.Ask(Of(0, 50, 20));
  EXPECT_EQ(server.Ask(Of(1, 200, 20)).slot, 0) << "20 of 200";
  Server other(Rules(0), 2);
  other.Ask(Of(0, 50, 20));
  const SlotMemory::Start start = other.Ask(Of(1, 199, 20));
  EXPECT_EQ(start.slot, 1);
  EXPECT_EQ(start.kept, 20);
}

// Half of what a slot holds is enough for it not to be copied, and then it is lost.
TEST(SlotMemory, WhatIsMostlyOfUseIsNotCopied) {
  Server server(Rules(1000), 1);
  server.Ask(Of(0, 100, 55));
  EXPECT_EQ(server.Ask(Of(1, 100, 55)).copied, Bytes(0)) << "55 of 110";
  Server other(Rules(1000), 1);
  other.Ask(Of(0, 101, 55));
  const SlotMemory::Start start = other.Ask(Of(1, 100, 55));
  EXPECT_EQ(start.copied, Bytes(111)) << "and stays in RAM, being no better than what is left in the slot";
  EXPECT_EQ(start.kept, 55);
}

// What begins alike comes back for another session if a quarter of it is of use, and is its own session's no longer.
TEST(SlotMemory, AnotherSessionsBeginningComesBack) {
  for (const int64_t shared : {27, 28}) {
    Server server(Rules(1000), 1);
    server.Ask(Of(0, 102, shared));
    server.Ask(Of(1, 100));
    const SlotMemory::Start start = server.Ask(Of(2, 100, shared));
    EXPECT_EQ(start.loaded, shared == 28 ? 28 : 0) << "of 112";
    EXPECT_EQ(server.memory.used(), Bytes(shared == 28 ? 110 : 222));
  }
}

TEST(SlotMemory, IdleSlotsAreCopiedWhenARequestStarts) {
  SlotRules rules = Rules(1000);
  rules.ram_for_idle = true;
  Server divided(rules, 3);
  divided.Ask(Of(0, 100));
  EXPECT_EQ(divided.Ask(Of(1, 100)).copied, Bytes(110));
  EXPECT_EQ(divided.Ask(Of(2, 100)).copied, Bytes(110)) << "session 0 lies there already";
  EXPECT_EQ(divided.Ask(Of(0, 200)).kept, 110) << "and in its slot";
  EXPECT_EQ(divided.memory.idle_tokens(), 110 + 110 + 210);
  rules.one_pool = true;
  Server shared(rules, 3);
  shared.Ask(Of(0, 100));
  shared.Ask(Of(1, 100));
  EXPECT_EQ(shared.memory.idle_tokens(), 110) << "session 0 has gone";
  EXPECT_EQ(shared.Ask(Of(0, 200)).loaded, 110);
  rules.limit = Bytes(109);
  Server without(rules, 3);
  without.Ask(Of(0, 100));
  without.Ask(Of(1, 100));
  EXPECT_EQ(without.Ask(Of(0, 200)).loaded, 0) << "also what RAM has no room for";
}

// Room for two of 110 tokens: a copy that has made room for others is made again.
TEST(SlotMemory, IdleSlotsAreCopiedAgainWhenTheirCopyIsGone) {
  SlotRules rules = Rules(250);
  rules.ram_for_idle = true;
  Server server(rules, 3);
  for (const int32_t session : {0, 1, 2}) server.Ask(Of(session, 100));
  EXPECT_EQ(server.Ask(Of(0, 200)).copied, Bytes(110)) << "session 2";
  EXPECT_EQ(server.Ask(Of(1, 150)).copied, Bytes(210)) << "session 0, for which the others' went";
  EXPECT_EQ(server.Ask(Of(0, 300)).copied, Bytes(110 + 160)) << "sessions 2 and 1";
  EXPECT_EQ(server.memory.used(), Bytes(160));
}

TEST(SlotMemory, IdleSlotsLeaveRoom) {
  SlotRules rules = Rules(0);
  rules.one_pool = true;
  Server server(rules, 3);
  for (const int32_t session : {0, 1, 2}) server.Ask(Of(session, 100));
  server.memory.LeaveRoom(330);
  EXPECT_EQ(server.memory.idle_tokens(), 330);
  server.memory.LeaveRoom(200);
  EXPECT_EQ(server.memory.idle_tokens(), 110) << "the first two slots, those of sessions 2 and 1";
  EXPECT_EQ(server.Ask(Of(0, 200)).kept, 110);
}

// Windows and states: a conversation goes on; a prompt that is sent again goes back to 64 tokens before its end; one that
// only begins alike finds nothing.
TEST(SlotMemory, StatesGoBackToCheckpoints) {
  SlotRules rules = Rules(0);
  rules.checkpoint = 64;
  rules.sequence = Bytes(1000);
  Server server(rules, 1);
  server.Ask(Of(0, 300, 299));
  EXPECT_EQ(server.Ask(Of(0, 400, 299)).kept, 310);
  EXPECT_EQ(server.Ask(Of(1, 300, 299)).kept, 236);
  Server other(rules, 1);
  other.Ask(Of(0, 300, 200));
  EXPECT_EQ(other.Ask(Of(1, 300, 200)).kept, 0) << "its checkpoint is at 236";
}

// A prompt in RAM takes its checkpoints with it.
TEST(SlotMemory, CheckpointsTakeRoom) {
  SlotRules rules = Rules(10000);
  rules.checkpoint = 64;
  rules.sequence = Bytes(1000);
  Server server(rules, 1);
  server.Ask(Of(0, 100));
  server.Ask(Of(0, 200));
  EXPECT_EQ(server.Ask(Of(1, 100)).copied, Bytes(210 + 3 * 1000)) << "its state and two to go back to";
}

// Ollama's rule: the slot that shares most, however little, the first of several.
TEST(SlotMemory, AnySlotWillDo) {
  SlotRules rules = Rules(0);
  rules.similarity = -1;
  Server server(rules, 2);
  EXPECT_EQ(server.Ask(Of(0, 100)).slot, 0);
  EXPECT_EQ(server.Ask(Of(1, 100)).slot, 0);
  EXPECT_EQ(server.Ask(Of(0, 200)).kept, 0);
}

}  // namespace
}  // namespace plimsoll
