import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The app server of the black-box tests as a servlet for Tomcat 10. It says who it is in X-Pool, X-Server and X-Version,
 * echoes ids, hashes what it receives and counts the ids of the POSTs it executed. README.md in the folder above has the
 * routes.
 */
public class App extends HttpServlet {
  private static final Map<String, Integer> started = new ConcurrentHashMap<>();
  private static final Map<String, Integer> finished = new ConcurrentHashMap<>();
  private static volatile String broken = "";

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
    sayWhoWeAre(request, response);
    pause(request);
    switch (request.getPathInfo()) {
      case "/bytes" -> answerBytes(request, response);
      case "/hash", "/echo" -> receive(request, response);
      case "/ids" -> answerIds(request, response);
      case "/health" -> answer(response, broken.isEmpty() ? 200 : 503, broken.isEmpty() ? "ok" : broken);
      case "/break" -> {
        broken = parameter(request, "why", "db: connection refused");
        answer(response, 200, "/break");
      }
      case "/mend" -> {
        broken = "";
        answer(response, 200, "/mend");
      }
      default -> answer(response, 404, request.getPathInfo());
    }
  }

  private static void sayWhoWeAre(HttpServletRequest request, HttpServletResponse response) {
    response.setHeader("X-Pool", System.getenv("APP_POOL"));
    response.setHeader("X-Server", System.getenv("APP_SERVER"));
    response.setHeader("X-Version", System.getenv("APP_VERSION"));
    response.setHeader("X-Id", parameter(request, "id", ""));
    String id = request.getHeader("X-Request-Id");
    response.setHeader("X-Echo-Request-Id", id == null ? "" : id);
  }

  /** Of the query alone: getParameter() would read a form's body. */
  private static String parameter(HttpServletRequest request, String name, String otherwise) {
    String query = request.getQueryString();
    if (query == null) return otherwise;
    for (String pair : query.split("&")) {
      String[] parts = pair.split("=", 2);
      if (parts[0].equals(name)) return parts.length == 2 ? URLDecoder.decode(parts[1], StandardCharsets.UTF_8) : "";
    }
    return otherwise;
  }

  private static void pause(HttpServletRequest request) {
    try {
      Thread.sleep(Long.parseLong(parameter(request, "delay", "0")));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void answer(HttpServletResponse response, int status, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    response.setStatus(status);
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }

  private static void answerBytes(HttpServletRequest request, HttpServletResponse response) throws IOException {
    byte[] line = (parameter(request, "id", "-") + "\n").getBytes(StandardCharsets.US_ASCII);
    byte[] body = new byte[Integer.parseInt(parameter(request, "n", "0"))];
    for (int i = 0; i < body.length; ++i) body[i] = line[i % line.length];
    if (parameter(request, "chunked", null) == null) {
      response.setContentLength(body.length);
      response.getOutputStream().write(body);
      return;
    }
    int middle = body.length / 2;
    response.getOutputStream().write(body, 0, middle);
    response.flushBuffer();
    response.getOutputStream().write(body, middle, body.length - middle);
  }

  private static void receive(HttpServletRequest request, HttpServletResponse response) throws IOException {
    String id = parameter(request, "id", "");
    started.merge(id, 1, Integer::sum);
    MessageDigest digest = sha256();
    ByteArrayOutputStream kept = request.getPathInfo().equals("/echo") ? new ByteArrayOutputStream() : null;
    byte[] piece = new byte[64 * 1024];
    long length = 0;
    InputStream body = request.getInputStream();
    for (int count = body.read(piece); count >= 0; count = body.read(piece)) {
      digest.update(piece, 0, count);
      length += count;
      if (kept != null) kept.write(piece, 0, count);
    }
    finished.merge(id, 1, Integer::sum);
    if (kept == null) {
      answer(response, 200, HexFormat.of().formatHex(digest.digest()) + " " + length + "\n");
      return;
    }
    response.setContentLength(kept.size());
    kept.writeTo(response.getOutputStream());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }

  private static void answerIds(HttpServletRequest request, HttpServletResponse response) throws IOException {
    StringBuilder lines = new StringBuilder();
    started.forEach(
        (id, times) -> lines.append(id + " " + times + " " + finished.getOrDefault(id, 0) + "\n"));
    if (parameter(request, "clear", null) != null) {
      started.clear();
      finished.clear();
    }
    answer(response, 200, lines.toString());
  }
}
