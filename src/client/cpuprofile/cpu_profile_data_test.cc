#include "client/cpuprofile/cpu_profile_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>

#include "client/cpuprofile/pprof_reader_test.h"
#include "client/cpuprofile/readable_name.h"

namespace cachescope::client {
namespace {

bool TakeVarint(std::string_view* bytes, std::uint64_t* out) {
  *out = 0;
  for (unsigned shift = 0; shift < 64 && !bytes->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    *out |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace

std::vector<FieldForTest> ReadMessageForTest(std::string_view bytes) {
  std::vector<FieldForTest> fields;
  while (!bytes.empty()) {
    std::uint64_t key = 0;
    std::uint64_t value = 0;
    if (!TakeVarint(&bytes, &key) || !TakeVarint(&bytes, &value)) return {{}};
    FieldForTest field{.number = static_cast<std::uint32_t>(key >> 3U)};
    if ((key & 7U) == 0) {
      field.value = value;
    } else {
      if ((key & 7U) != 2 || value > bytes.size()) return {{}};
      field.bytes = bytes.substr(0, value);
      bytes.remove_prefix(value);
    }
    fields.push_back(field);
  }
  return fields;
}

std::vector<std::uint64_t> ReadPackedForTest(std::string_view bytes) {
  std::vector<std::uint64_t> values;
  std::uint64_t value = 0;
  while (TakeVarint(&bytes, &value)) values.push_back(value);
  return values;
}

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string Words(std::initializer_list<std::uint64_t> words) {
  std::string bytes;
  for (const std::uint64_t word : words) bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
  return bytes;
}

constexpr const char* kMaps =
    "00400000-00401000 r-xp 00001000 08:01 77                        /opt/my program\n"
    "00600000-00601000 rw-p 00000000 00:00 0 \n"
    "7f0000000000-7f0000002000 r-xp 00000000 00:00 0 \n"
    "no mapping\n"
    "7fff00000000-7fff00001000 r-xp 00000000 00:00 0                 [vdso]";

std::string Profile() {
  return Words({0, 3, 0, 10000, 0}) + Words({5, 3, 0x400010, 0x400021, 0x7f0000000001}) + Words({2, 1, 0x1}) +
         Words({1, 2, 0x400010, 0x7fff00000001}) + Words({0, 1, 0}) + kMaps;
}

TEST(RawProfile, ReadsSamplesAndMappings) {
  const std::string bytes = Profile();
  RawProfile raw;
  std::string cause;
  ASSERT_TRUE(ReadRawProfile(bytes, &raw, &cause)) << cause;
  EXPECT_EQ(raw.period_microseconds, 10000U);
  ASSERT_THAT(raw.samples, SizeIs(3));
  EXPECT_EQ(raw.samples[0].count, 5U);
  EXPECT_THAT(raw.samples[0].addresses, ElementsAre(0x400010, 0x400021, 0x7f0000000001));
  EXPECT_EQ(raw.maps, kMaps);
  const std::vector<Mapping> mappings = ReadMappings(raw.maps);
  ASSERT_THAT(mappings, SizeIs(3));
  EXPECT_EQ(mappings[0].file, "/opt/my program");
  EXPECT_EQ(mappings[0].offset, 0x1000U);
  EXPECT_EQ(mappings[2].file, "[vdso]");
  EXPECT_EQ(FindMapping(mappings, 0x400fff), &mappings[0]);
  EXPECT_EQ(FindMapping(mappings, 0x401000), nullptr);
}

TEST(RawProfile, AnyBytesAreSafe) {
  const std::string bytes = Profile();
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    RawProfile raw;
    std::string cause;
    const bool ok = ReadRawProfile(std::string_view(bytes).substr(0, size), &raw, &cause);
    EXPECT_EQ(ok, size >= 40) << size;
    ReadMappings(raw.maps);
  }
  std::mt19937 random(5);
  for (int run = 0; run < 3000; ++run) {
    std::string damaged = bytes;
    for (int i = 0; i < 4; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    CpuProfileData data;
    data.raw = damaged;
    std::string cause;
    if (NameProfile(&data, &cause)) {
      CollapsedText(NamedStacks(data));
      EXPECT_NE(ReadMessageForTest(PprofMessage(data)).back().number, 0U);
    }
  }
}

TEST(RawProfile, SaysWhatIsWrong) {
  RawProfile raw;
  std::string cause;
  EXPECT_FALSE(ReadRawProfile("", &raw, &cause));
  EXPECT_EQ(cause, "it has no header");
  EXPECT_FALSE(ReadRawProfile(Words({0, 3, 7, 1, 0}), &raw, &cause));
  EXPECT_EQ(cause, "its version is 7, not 0");
  EXPECT_FALSE(ReadRawProfile(Words({0, 3, 0, 1, 0, 1, 1ULL << 60}), &raw, &cause));
  EXPECT_THAT(cause, HasSubstr("frames"));
}

TEST(CpuProfileData, UnknownFunctionsAreNamedByPlace) {
  CpuProfileData data;
  data.raw = Profile();
  std::string cause;
  ASSERT_TRUE(NameProfile(&data, &cause));
  EXPECT_EQ(data.samples, 8U);
  EXPECT_EQ(CollapsedText(NamedStacks(data)),
            "[anonymous memory];[my program];[my program] 5\n"
            "[unknown] 2\n"
            "[vdso];[my program] 1\n");
}

TEST(CpuProfileData, CollapsedFramesCannotBreakTheFormat) {
  EXPECT_EQ(CollapsedText({{{"a;b", "c\nd"}, 3}}), "a:b;c d 3\n");
}

TEST(CpuProfileData, PprofMessageRefersToItself) {
  CpuProfileData data;
  data.raw = Profile();
  std::string cause;
  ASSERT_TRUE(NameProfile(&data, &cause));
  data.start_nanoseconds = 1234;
  data.duration_nanoseconds = 5678;
  const std::string bytes = PprofMessage(data);
  std::map<std::uint32_t, std::vector<FieldForTest>> fields;
  for (const FieldForTest& field : ReadMessageForTest(bytes)) fields[field.number].push_back(field);
  std::vector<std::string_view> strings;
  for (const FieldForTest& field : fields[6]) strings.push_back(field.bytes);
  // Mappings, locations, functions: ids count from 1.
  for (const std::uint32_t number : {3U, 4U, 5U}) {
    for (std::size_t i = 0; i < fields[number].size(); ++i) {
      EXPECT_EQ(ReadMessageForTest(fields[number][i].bytes)[0].value, i + 1);
    }
  }
  EXPECT_THAT(fields[3], SizeIs(3));
  EXPECT_THAT(fields[4], SizeIs(5));
  EXPECT_EQ(fields[9][0].value, 1234U);
  EXPECT_EQ(fields[10][0].value, 5678U);
  EXPECT_EQ(fields[12][0].value, 10'000'000U);
  EXPECT_EQ(strings[fields[14][0].value], "cpu");
  EXPECT_EQ(strings[0], "");
  EXPECT_THAT(strings,
              testing::IsSupersetOf({"samples", "count", "cpu", "nanoseconds", "/opt/my program", "[my program]"}));
  ASSERT_THAT(fields[2], SizeIs(3));
  const std::vector<FieldForTest> sample = ReadMessageForTest(fields[2][0].bytes);
  EXPECT_THAT(ReadPackedForTest(sample[0].bytes), ElementsAre(1, 2, 3));
  EXPECT_THAT(ReadPackedForTest(sample[1].bytes), ElementsAre(5, 50'000'000));
}

TEST(CpuProfileData, GzipIsReadByZlib) {
  const std::string text(100000, 'x');
  const std::string packed = Gzip(text);
  EXPECT_LT(packed.size(), 1000U);
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(text.size() + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.total_out, text.size());
  inflateEnd(&stream);
}

TEST(Symbolizer, NamesWithoutParameters) {
  const std::pair<const char*, const char*> kCases[] = {
      {"main", "main"},
      {"f(int, std::pair<int, void (*)(char)>)", "f"},
      {"void a::b<int>(int) const", "void a::b<int>"},
      {"a::operator()(int) const", "a::operator()"},
      {"a::operator()", "a::operator()"},
      {"f(int)::{lambda(int)#1}::operator()(int) const", "f(int)::{lambda(int)#1}::operator()"},
      {"(anonymous namespace)::f()", "(anonymous namespace)::f"},
      {"(anonymous namespace)", "(anonymous namespace)"},
      {"f(int) [clone .cold]", "f [clone .cold]"},
      {"vtable for X", "vtable for X"},
      {"))", "))"},
      {")", ")"},
      {"()", "()"},
      {"", ""},
  };
  for (const auto& [name, expected] : kCases) EXPECT_EQ(WithoutParameters(name), expected);
  const std::pair<const char*, const char*> kShort[] = {
      {"void a::b<c<int> >::d<int>", "a::b::d"},
      {"a::operator<", "a::operator<"},
      {"bool std::operator< <char>", "std::operator<"},
      {"std::basic_ostream<char>& std::operator<< <std::char_traits<char> >", "std::operator<<"},
      {"a<int>::operator->", "a::operator->"},
      {"a::operator unsigned long", "a::operator unsigned long"},
      {"operator new", "operator new"},
      {"f(int)::{lambda(a b, c)#1}::operator()", "f(int)::{lambda(a b, c)#1}::operator()"},
      {"void (anonymous namespace)::f<int>", "(anonymous namespace)::f"},
      {"f<int> [clone .cold]", "f [clone .cold]"},
      {"[my program]", "[my program]"},
      {"a<b", "a<b"},
      {"x ", "x"},
      {"", ""},
  };
  for (const auto& [name, expected] : kShort) EXPECT_EQ(ShortName(name), expected);
  EXPECT_EQ(ReadableName("_ZN1a1bEi"), "a::b");
  EXPECT_EQ(ReadableName("plain_c"), "plain_c");
  EXPECT_EQ(ReadableName(std::string(5000, 'x')).size(), 1024U);
}

std::string ReadSelf() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Offset in the program's file of the code at `address`.
std::uint64_t OffsetOf(const void* address) {
  std::ifstream file("/proc/self/maps");
  std::stringstream text;
  text << file.rdbuf();
  const std::vector<Mapping> mappings = ReadMappings(text.str());
  const Mapping* mapping = FindMapping(mappings, reinterpret_cast<std::uintptr_t>(address));
  return mapping == nullptr ? 0 : reinterpret_cast<std::uintptr_t>(address) - mapping->start + mapping->offset;
}

TEST(ElfSymbols, FindsFunctionsOfThisProgram) {
  const std::string bytes = ReadSelf();
  const ElfSymbols symbols(bytes);
  EXPECT_THAT(std::string(symbols.NameAt(OffsetOf(reinterpret_cast<const void*>(&ReadSelf)) + 2)),
              HasSubstr("ReadSelf"));
  EXPECT_EQ(symbols.NameAt(0), "");
  EXPECT_EQ(symbols.NameAt(UINT64_MAX), "");
}

TEST(ElfSymbols, AnyBytesAreSafe) {
  EXPECT_EQ(ElfSymbols("").NameAt(0), "");
  EXPECT_EQ(ElfSymbols("\177ELF").NameAt(0), "");
  std::ifstream file("/usr/bin/true", std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  std::string bytes = text.str();
  if (bytes.empty()) bytes = ReadSelf().substr(0, 100000);
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    const ElfSymbols symbols(std::string_view(bytes).substr(0, size));
    symbols.NameAt(0x2000);
  }
  // This program has full symbol tables; its end, with the section headers, is damaged most.
  const std::string self = ReadSelf();
  std::mt19937 random(3);
  for (int run = 0; run < 310; ++run) {
    std::string damaged = run < 300 ? bytes : self;
    for (int i = 0; i < 8; ++i) damaged[random() % 64] = static_cast<char>(random());
    for (int i = 0; i < 32; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    for (int i = 0; i < 32; ++i) damaged[damaged.size() - 1 - random() % 2048] = static_cast<char>(random());
    std::memcpy(damaged.data(), bytes.data(), run % 4 == 0 ? 8 : 64);
    if (run >= 300) std::memcpy(damaged.data(), self.data(), 64);
    const ElfSymbols symbols(damaged);
    for (std::uint64_t offset = 0; offset < damaged.size(); offset += 1000) symbols.NameAt(offset);
  }
}

TEST(MappedFile, WhatCannotBeReadIsEmpty) {
  EXPECT_THAT(std::string(MappedFile("/nowhere").bytes()), IsEmpty());
  EXPECT_THAT(std::string(MappedFile("/tmp").bytes()), IsEmpty());
  EXPECT_THAT(std::string(MappedFile("/dev/zero").bytes()), IsEmpty());
  EXPECT_FALSE(MappedFile("/proc/self/exe").bytes().empty());
}

}  // namespace
}  // namespace cachescope::client
