// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <map>
#include <vector>

#include "archive/unpacking.hpp"

namespace sdme::test {

namespace {

// Everything about a file that an import must keep.
struct Picture {
  mode_t mode;
  uid_t uid;
  gid_t gid;
  dev_t device;
  off_t size;
  std::int64_t seconds, nanoseconds;
  std::string body;   // content, or where a link points
  std::string twin;   // the first path of the same file
  std::map<std::string, std::string> attributes;

  bool operator==(const Picture&) const = default;
};

void PrintTo(const Picture& picture, std::ostream* out) {
  *out << std::oct << picture.mode << std::dec << " " << picture.uid << ":" << picture.gid << " dev " << picture.device
       << " size " << picture.size << " at " << picture.seconds << "." << picture.nanoseconds << " twin "
       << picture.twin;
  for (const auto& [name, value] : picture.attributes) *out << " " << name << "(" << value.size() << ")";
}

std::map<std::string, std::string> attributes_of(const std::string& path) {
  std::string names(4096, '\0');
  const auto size = llistxattr(path.c_str(), names.data(), names.size());
  EXPECT_GE(size, 0) << path;
  names.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  std::map<std::string, std::string> attributes;
  for (std::size_t at = 0; at < names.size(); at = names.find('\0', at) + 1) {
    const std::string name = names.c_str() + at;
    std::string value(4096, '\0');
    const auto length = lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
    EXPECT_GE(length, 0) << path << " " << name;
    value.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    attributes[name] = value;
  }
  return attributes;
}

std::string body_of(const std::string& path, mode_t mode) {
  if (S_ISLNK(mode)) return std::filesystem::read_symlink(path);
  return S_ISREG(mode) ? content(path) : "";
}

std::map<std::string, Picture> pictures(const std::string& root) {
  std::map<std::string, Picture> taken;
  std::map<ino_t, std::string> first_paths;
  std::vector<std::string> below{""};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    below.push_back(entry.path().string().substr(root.size()));
  }
  std::ranges::sort(below);
  for (const auto& name : below) {
    const auto path = root + name;
    struct stat found = {};
    EXPECT_EQ(lstat(path.c_str(), &found), 0);
    const auto twin = first_paths.try_emplace(found.st_ino, name).first->second;
    taken[name] = {found.st_mode,
                   found.st_uid,
                   found.st_gid,
                   found.st_rdev,
                   S_ISDIR(found.st_mode) ? 0 : found.st_size,
                   found.st_mtim.tv_sec,
                   found.st_mtim.tv_nsec,
                   body_of(path, found.st_mode),
                   twin,
                   attributes_of(path)};
  }
  return taken;
}

void run(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0) << words[0];
}

void own(const std::string& path, uid_t uid, gid_t gid, mode_t mode) {
  ASSERT_EQ(lchown(path.c_str(), uid, gid), 0) << path;
  ASSERT_EQ(chmod(path.c_str(), mode), 0) << path;
}

void attribute(const std::string& path, const std::string& name, std::string_view value) {
  ASSERT_EQ(lsetxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0), 0)
      << path << " " << name << " " << errno;
}

void date(const std::string& path, std::int64_t seconds, std::int64_t nanoseconds) {
  const timespec times[] = {{0, UTIME_OMIT}, {seconds, nanoseconds}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0) << path;
}

void make_sparse(const std::string& path) {
  const os::UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  ASSERT_EQ(pwrite(file.get(), "middle", 6, 4 << 20), 6);
  ASSERT_EQ(ftruncate(file.get(), 12 << 20), 0);
}

// One of everything a Linux tree can have.
void plant(const std::string& root) {
  put(root + "/plain", "text");
  put(root + "/usr/bin/su", "#!");
  put(root + "/usr/bin/ping", "#!");
  put(root + "/usr/big", std::string(3'000'001, 'b'));
  put(root + "/empty", "");
  for (const auto* const name : {"tmp", "shared", "listed"}) ASSERT_EQ(mkdir((root + "/" + name).c_str(), 0755), 0);
  own(root + "/usr/bin/su", 0, 42, 06755);
  own(root + "/tmp", 0, 0, 01777);
  own(root + "/shared", 1000, 70000, 02770);
  put(root + "/shared/in", "x");
  own(root + "/shared/in", 4'000'000, 7, 0600);
  ASSERT_EQ(mkdir((root + "/shared/sub").c_str(), 0755), 0);
  own(root + "/shared/sub", 0, 0, 0755);
  ASSERT_EQ(link((root + "/plain").c_str(), (root + "/usr/twin").c_str()), 0);
  ASSERT_EQ(link((root + "/plain").c_str(), (root + "/usr/bin/triplet").c_str()), 0);
  ASSERT_EQ(::symlink("../etc/\xff/nowhere", (root + "/usr/link").c_str()), 0);
  ASSERT_EQ(lchown((root + "/usr/link").c_str(), 12, 13), 0);
  ASSERT_EQ(mknod((root + "/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  ASSERT_EQ(mknod((root + "/disk").c_str(), S_IFBLK | 0660, makedev(259, 1048575)), 0);
  ASSERT_EQ(mkfifo((root + "/fifo").c_str(), 0600), 0);
  make_sparse(root + "/sparse");
}

// Version 2 of a file capability, with cap_net_raw permitted and effective: linux/capability.h.
constexpr std::string_view kNetRaw("\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);

void decorate(const std::string& root) {
  attribute(root + "/plain", "user.note", std::string_view("zero\0line\n=equals", 17));
  attribute(root + "/tmp", "user.dir", "on a directory");
  attribute(root + "/usr/link", "trusted.link", "on a link");
  attribute(root + "/usr/bin/ping", "security.capability", kNetRaw);
  run({"setfacl", "-m", "u:1234:rw,g:77:r,m::rw", root + "/shared/in"});
  run({"setfacl", "-m", "d:u:1234:rwx,d:g:77:---", root + "/listed"});
  put(root + "/listed/inherits-not", "x");
  run({"setfacl", "-b", root + "/listed/inherits-not"});
  ASSERT_EQ(chmod((root + "/listed/inherits-not").c_str(), 0604), 0);
  std::int64_t at = 1'000'000'000;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) date(entry.path(), ++at, 123'456'789);
  date(root + "/empty", -5, 0);
  date(root, 7, 999'999'999);
}

class RoundTrip : public Unpacking {
 protected:
  void SetUp() override {
    Unpacking::SetUp();
    if (IsSkipped()) return;
    std::filesystem::create_directory(source());
    plant(source());
    decorate(source());
  }

  std::string source() const { return dir_ / "source"; }

  std::string packed(const std::vector<std::string>& options) {
    std::vector<std::string> words{"tar", "--create", "--file=" + (dir_ / "made.tar"), "--directory=" + source()};
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back(".");
    run(words);
    return content(dir_ / "made.tar");
  }
};

TEST_F(RoundTrip, KeepsEverything) {
  const auto stream =
      packed({"--format=pax", "--xattrs", "--xattrs-include=*", "--acls", "--sparse", "--numeric-owner"});
  const auto before = pictures(source());
  const auto found = unpack(compressed(stream, Compression::kZstd));
  const auto after = pictures(path("").substr(0, path("").size() - 1));
  EXPECT_EQ(found.entries, before.size());
  for (const auto& [name, picture] : before) {
    ASSERT_TRUE(after.contains(name)) << name;
    EXPECT_EQ(after.at(name), picture) << name;
  }
  EXPECT_EQ(after.size(), before.size());
  EXPECT_LE(status("sparse").st_blocks, 64);
  EXPECT_EQ(status("sparse").st_size, 12 << 20);
  EXPECT_LT(found.size, 4U << 20);
}

TEST_F(RoundTrip, ReadsEveryDialect) {
  // What ustar cannot say: a time before 1970, a large owner, a large minor number.
  for (const auto* const name : {"/empty", "/shared/in", "/disk"}) std::filesystem::remove(source() + name);
  for (const auto* const format : {"--format=ustar", "--format=gnu", "--format=oldgnu"}) {
    for (auto options : {std::vector<std::string>{format}, {format, "--sparse"}}) {
      if (options.size() == 2 && options[0] == "--format=ustar") continue;
      unpack(packed(options));
      for (const auto& [name, picture] : pictures(source())) {
        EXPECT_EQ(body_of(path(name), picture.mode), picture.body) << format << name;
        EXPECT_EQ(status(name).st_uid, picture.uid) << format << name;
        EXPECT_EQ(status(name).st_mode & 07000, picture.mode & 07000) << format << name;
      }
    }
  }
  for (const auto* const version : {"0.0", "0.1", "1.0"}) {
    unpack(packed({"--format=pax", "--sparse", std::string("--sparse-version=") + version}));
    EXPECT_TRUE(text("sparse") == content(source() + "/sparse")) << version;
    EXPECT_LE(status("sparse").st_blocks, 64) << version;
  }
}

}  // namespace

}  // namespace sdme::test
