package io.winnow.harness;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A Redis of its own: the {@code redis-server} of the path, with an append-only file that is forced
 * to the medium every second, so that {@link #kill()} loses nothing that was answered (the
 * operating system has it) and a power cut at most a second.
 */
public final class RedisServer implements AutoCloseable {
  private static final String PROGRAM = "redis-server";
  private static final int PROBE_TIMEOUT_MS = 1000;

  /** Starts on a port that another process may have taken meanwhile. */
  private static final int STARTS_MAX = 5;

  private final int port;
  private final ServerProcess server;

  private RedisServer(int port, ServerProcess server) {
    this.port = port;
    this.server = server;
  }

  /**
   * Starts a server and returns when it answers.
   *
   * @param options more of {@code redis-server}'s options, such as {@code "--maxmemory", "64mb"};
   *     they win over those set here
   * @throws WinnowException {@code UNAVAILABLE} if {@code redis-server} is not installed or does
   *     not start
   */
  public static RedisServer start(String... options) {
    String program = program();
    for (int attempt = 1; ; attempt++) {
      int port = ServerProcess.freePorts(1)[0];
      Path folder = ServerProcess.temporaryFolder("redis");
      ServerProcess server =
          new ServerProcess(
              PROGRAM, folder, command(program, port, folder, options), () -> answers(port));
      try {
        server.start();
        return new RedisServer(port, server);
      } catch (WinnowException e) {
        server.close();
        boolean portTaken = String.valueOf(e.getMessage()).contains("Address already in use");
        if (!portTaken || attempt == STARTS_MAX) {
          throw e;
        }
      }
    }
  }

  private static String program() {
    String path = System.getenv("PATH");
    return Arrays.stream((path == null ? "" : path).split(File.pathSeparator))
        .map(folder -> Path.of(folder, PROGRAM))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() ->
            new WinnowException(
                ErrorCode.UNAVAILABLE,
                "redis-server is not on the path: install it, for example apt-get install"
                    + " redis-server"))
        .toString();
  }

  private static List<String> command(String program, int port, Path folder, String[] options) {
    List<String> command =
        new ArrayList<>(
            List.of(
                program,
                "--port",
                Integer.toString(port),
                "--bind",
                InetAddress.getLoopbackAddress().getHostAddress(),
                "--dir",
                folder.toString(),
                "--appendonly",
                "yes",
                "--appendfsync",
                "everysec",
                "--save",
                ""));
    command.addAll(Arrays.asList(options));
    return command;
  }

  /** Whether PING is answered; one that asks for a password is up, one that is loading is not. */
  private static boolean answers(int port) throws IOException {
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(PROBE_TIMEOUT_MS);
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PROBE_TIMEOUT_MS);
      socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readNBytes(5), StandardCharsets.US_ASCII);
      return answer.equals("+PONG") || answer.equals("-NOAU");
    }
  }

  /** The port on the loopback address; the same after {@link #restart()}. */
  public int port() {
    return port;
  }

  /** {@code redis://HOST:PORT}. */
  public String uri() {
    return "redis://%s:%d".formatted(InetAddress.getLoopbackAddress().getHostAddress(), port);
  }

  /** What the server printed, over all its starts. */
  public Path logFile() {
    return server.logFile();
  }

  /** Ends the server with SIGKILL and returns when it is gone. */
  public void kill() {
    server.kill();
  }

  /** Starts the server again on its port and its data; one that still runs is shut down first. */
  public void restart() {
    if (server.isAlive()) {
      resume();
      server.terminate();
    }
    server.start();
  }

  /**
   * Stops the process with SIGSTOP: connections stay open and nothing is answered until {@link
   * #resume()}.
   */
  public void pause() {
    signal("STOP");
  }

  /** Lets a paused server go on. */
  public void resume() {
    signal("CONT");
  }

  private void signal(String signal) {
    // The shell's own kill: not every machine has the program.
    List<String> command = List.of("sh", "-c", "kill -%s %d".formatted(signal, server.pid()));
    try {
      Process process = new ProcessBuilder(command).inheritIO().start();
      if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new WinnowException(ErrorCode.UNAVAILABLE, "cannot send SIG" + signal + " to Redis");
      }
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, "cannot send SIG" + signal + " to Redis", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WinnowException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
  }

  /** Kills the server and deletes its data. */
  @Override
  public void close() {
    server.close();
  }
}
