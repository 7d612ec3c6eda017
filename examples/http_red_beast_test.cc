// Starts http_red_beast on a free port, sends it requests over plain sockets and reads what it measured.
//
//   http_red_beast_test PROGRAM
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

namespace {

// A child process that ends with this object.
class Server {
 public:
  explicit Server(const char* program) {
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0) return;
    child_ = fork();
    if (child_ == 0) {
      dup2(pipe_ends[1], STDOUT_FILENO);
      close(pipe_ends[0]);
      close(pipe_ends[1]);
      execl(program, program, "0", nullptr);
      _exit(127);
    }
    close(pipe_ends[1]);
    std::FILE* output = fdopen(pipe_ends[0], "r");
    if (output == nullptr || std::fscanf(output, "listening on 127.0.0.1:%d", &port_) != 1) port_ = 0;
    if (output != nullptr) std::fclose(output);
  }
  ~Server() {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return port_; }

 private:
  pid_t child_ = -1;
  int port_ = 0;
};

// The whole answer, or what came of it.
std::string Send(int port, const std::string& request) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval timeout = {10, 0};
  setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      send(socket_fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    char block[4096];
    for (ssize_t n; (n = recv(socket_fd, block, sizeof block, 0)) > 0;)
      answer.append(block, static_cast<std::size_t>(n));
  }
  close(socket_fd);
  return answer;
}

std::string Ask(int port, const std::string& method, const std::string& target, const std::string& tenant,
                const std::string& body = "") {
  std::string request = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  if (!tenant.empty()) request += "X-Tenant-Id: " + tenant + "\r\n";
  return Send(port, request + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

int failures = 0;
void Expect(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return;
  ++failures;
  std::cerr << "missing: " << part << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const Server server(argv[1]);
  if (server.port() == 0) {
    std::cerr << "the server did not start\n";
    return 1;
  }
  const int port = server.port();
  Expect(Ask(port, "GET", "/datasets/17?k=1", "acme"), "HTTP/1.1 200 OK");
  Expect(Ask(port, "GET", "/datasets/18", "acme"), "HTTP/1.1 200 OK");
  Expect(Ask(port, "GET", "/datasets/none", "zeta"), "HTTP/1.1 404 Not Found");
  Expect(Ask(port, "POST", "/search", "", "what is it"), "HTTP/1.1 200 OK");
  Expect(Ask(port, "GET", "/broken", "acme"), "HTTP/1.1 500 Internal Server Error");
  Expect(Ask(port, "GET", "/tenants/of-path/orders/2f1c7a3e-8d4b-4f6a-9c1e-0a1b2c3d4e5f", ""), "404 Not Found");
  Send(port, "this is not HTTP\r\n\r\n");

  const std::string metrics = Ask(port, "GET", "/metrics", "");
  const std::string requests = "http_requests_total{method=";
  Expect(metrics, requests + R"("GET",endpoint="/datasets/{dataset_id}",status_code="200",tenant_id="acme"} 2)");
  Expect(metrics, requests + R"("GET",endpoint="/datasets/{dataset_id}",status_code="404",tenant_id="zeta"} 1)");
  Expect(metrics, requests + R"("POST",endpoint="/search",status_code="200",tenant_id="unknown"} 1)");
  Expect(metrics, requests + R"("GET",endpoint="/broken",status_code="500",tenant_id="acme"} 1)");
  Expect(metrics, requests + R"("GET",endpoint="/tenants/{id}/orders/{id}",status_code="404",tenant_id="of-path"} 1)");
  Expect(metrics, R"(http_requests_in_flight{method="GET"} 1)");  // this very request
  Expect(metrics, R"(http_request_size_bytes_sum{method="POST",endpoint="/search"} 10)");
  Expect(metrics, R"(http_response_size_bytes_sum{method="POST",endpoint="/search"} 3)");
  Expect(metrics, R"(http_request_duration_seconds_count{method="GET",endpoint="/broken",tenant_id="acme"} 1)");
  if (failures > 0) std::cerr << metrics << "\n";
  return failures == 0 ? 0 : 1;
}
