package io.winnow.lifecycle.registry;

import static io.winnow.lifecycle.registry.TestDatabase.untilItAnswers;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.application.Engines.RegistryEngine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The registry in a file, opened by several processes that come, go and are killed. */
@Timeout(120)
final class H2ProcessesTest {
  @TempDir private Path folder;

  /** Opens the registry of a folder, and changes the plan whenever it reads a line. */
  static final class Owner {
    private Owner() {}

    /** Prints each revision that it was told to be in force. */
    public static void main(String[] arguments) throws IOException {
      PrintStream out = System.out;
      try (Registry registry = openIn(Path.of(arguments[0]));
          BufferedReader in =
              new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
        registry.register(RegistryConformance.manifest("v1", 1));
        out.println("open");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
          do {
            out.println(promote(registry).revision());
            out.flush();
          } while (line.equals("go on"));
        }
      }
    }
  }

  @Test
  void open_besideAnotherProcess_bothReadAndChangeTheSamePlan() throws Exception {
    try (Child owner = new Child(folder);
        Registry beside = openIn(folder)) {
      assertEquals("1", owner.ask("once"));
      assertEquals(1, beside.plan().revision());
      assertEquals(2, promote(beside).revision());
      assertEquals("3", owner.ask("once"));
      assertEquals(3, beside.plan().revision());
    }
  }

  @Test
  void open_byAProcess_listensOnTheLoopbackDeviceOnly() throws Exception {
    try (Registry registry = openIn(folder)) {
      registry.plan();
      Properties lock = new Properties();
      try (var in = Files.newInputStream(folder.resolve("registry.lock.db"))) {
        lock.load(in);
      }
      String[] server = lock.getProperty("server").split(":");
      int port = Integer.parseInt(server[1]);

      assertTrue(InetAddress.getAllByName(server[0])[0].isLoopbackAddress(), server[0]);
      new Socket(InetAddress.getLoopbackAddress(), port).close();
      Optional<InetAddress> other =
          NetworkInterface.networkInterfaces()
              .flatMap(NetworkInterface::inetAddresses)
              .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
              .findFirst();
      other.ifPresent(
          address -> assertThrows(ConnectException.class, () -> new Socket(address, port).close()));
    }
  }

  @Test
  void change_ownerIsKilledInTheMidst_losesNothingAndAnotherTakesOver() throws Exception {
    for (int kill = 0; kill < 2; kill++) {
      try (Child owner = new Child(folder);
          Registry beside = openIn(folder)) {
        beside.plan();
        owner.send("go on");
        for (int i = 0; i < 20; i++) {
          owner.read();
        }
        long acknowledged = owner.kill();

        assertTrue(acknowledged >= 20);
        assertTrue(untilItAnswers(beside::plan).revision() >= acknowledged);
        long revision = untilItAnswers(() -> promote(beside)).revision();
        assertEquals(
            LongStream.rangeClosed(1, revision).boxed().toList().reversed(),
            beside.ledger(0, Long.MAX_VALUE, 100_000).stream()
                .map(entry -> entry.plan().revision())
                .toList());
      }
    }
  }

  @Test
  void open_afterTheOnlyProcessWasKilled_needsNobody() throws Exception {
    long acknowledged;
    try (Child owner = new Child(folder)) {
      owner.ask("once");
      acknowledged = owner.kill();
    }

    try (Registry registry = openIn(folder)) {
      assertEquals(acknowledged, untilItAnswers(registry::plan).revision());
    }
  }

  @Test
  void plan_ownerEnds_anotherTakesOver() throws Exception {
    try (Child owner = new Child(folder);
        Registry beside = openIn(folder)) {
      owner.ask("once");
      assertEquals(1, beside.plan().revision());
      owner.end();

      assertEquals(1, untilItAnswers(beside::plan).revision());
      assertEquals(2, promote(beside).revision());
    }
  }

  private static ServingPlan promote(Registry registry) {
    return registry.change(registry.plan().promote("v1"), "promote", RegistryConformance.CAUSE);
  }

  private static Registry openIn(Path folder) {
    return Registries.open(new RegistryEngine.Embedded(), folder, () -> 7);
  }

  /** Another process with the registry open. */
  private static final class Child implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    private String last = "";

    Child(Path folder) throws IOException {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  Owner.class.getName(),
                  folder.toString())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      String line = out.readLine();
      while (!"open".equals(line)) {
        assertTrue(line != null, "the other process opens the registry");
        line = out.readLine();
      }
    }

    String ask(String line) throws IOException {
      send(line);
      return read();
    }

    void send(String line) throws IOException {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    }

    String read() throws IOException {
      last = String.valueOf(out.readLine());
      return last;
    }

    /** Kills it, and says which revision it was told last. */
    long kill() throws IOException, InterruptedException {
      process.toHandle().destroyForcibly(); // unlike the process's own, leaves its output readable
      process.waitFor();
      out.lines().forEach(line -> last = line);
      return Long.parseLong(last);
    }

    /** Lets it close its registry and end. */
    void end() throws IOException {
      process.getOutputStream().close();
      process
          .onExit()
          .completeOnTimeout(process, 20, TimeUnit.SECONDS)
          .thenAccept(Process::destroyForcibly)
          .join();
      process.onExit().join();
    }

    @Override
    public void close() throws IOException {
      end();
    }
  }
}
