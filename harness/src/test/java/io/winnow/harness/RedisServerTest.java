package io.winnow.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.WinnowException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class RedisServerTest {
  @Test
  void kill_andRestart_keepsWhatWasAnswered() throws IOException {
    Path folder;
    try (RedisServer redis = RedisServer.start()) {
      folder = redis.logFile().getParent();
      assertEquals("+OK", call(redis, "SET a 1", 0));
      redis.kill();
      assertThrows(ConnectException.class, () -> call(redis, "PING", 0));
      redis.restart();
      assertEquals("$1", call(redis, "GET a", 0));
      redis.restart();
      assertEquals("$1", call(redis, "GET a", 0));
    }
    assertFalse(Files.exists(folder));
  }

  @Test
  void pause_answersNothingUntilResumed() throws IOException {
    try (RedisServer redis = RedisServer.start("--maxmemory", "64mb")) {
      redis.pause();
      assertThrows(SocketTimeoutException.class, () -> call(redis, "PING", 50));
      redis.resume();
      assertEquals("+PONG", call(redis, "PING", 0));
      redis.pause();
    }
  }

  @Test
  void start_badOption_saysWhatTheServerSaid() {
    WinnowException failed =
        assertThrows(WinnowException.class, () -> RedisServer.start("--no-such-option", "1"));
    assertTrue(String.valueOf(failed.getMessage()).contains("no-such-option"), failed.toString());
  }

  /** The first line of the answer. */
  private static String call(RedisServer redis, String command, int timeoutMs) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), redis.port())) {
      socket.setSoTimeout(timeoutMs);
      socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
          .readLine();
    }
  }
}
