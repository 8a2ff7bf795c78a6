package io.winnow.harness;

import io.winnow.core.WinnowException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.Uuid;

/**
 * A Kafka of its own: one node that is broker and controller (KRaft), the real code from Kafka's
 * Maven artefacts on this JVM's class path, in a process of its own with a heap of 256 MiB. It
 * starts in some 4 s. Topics are not made by asking for them.
 */
public final class KafkaBroker implements AutoCloseable {
  private static final String NAME = "kafka";
  private static final String HOST = InetAddress.getLoopbackAddress().getHostAddress();
  private static final int PROBE_TIMEOUT_MS = 30_000;

  private final int port;
  private final ServerProcess server;

  private KafkaBroker(int port, ServerProcess server) {
    this.port = port;
    this.server = server;
  }

  /**
   * Starts a broker and returns when it answers a client.
   *
   * @throws WinnowException {@code UNAVAILABLE} if it does not start, with the end of its log
   */
  public static KafkaBroker start() {
    int[] ports = ServerProcess.freePorts(2);
    Path folder = ServerProcess.temporaryFolder(NAME);
    Path properties = folder.resolve("server.properties");
    try {
      Files.writeString(properties, properties(folder, ports[0], ports[1]));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            BrokerMain.class.getName(),
            properties.toString(),
            Uuid.randomUuid().toString());
    ServerProcess server = new ServerProcess(NAME, folder, command, () -> answers(ports[0]));
    try {
      server.start();
    } catch (WinnowException e) {
      server.close();
      throw e;
    }
    return new KafkaBroker(ports[0], server);
  }

  private static String properties(Path folder, int port, int controllerPort) {
    return """
    process.roles=broker,controller
    node.id=1
    controller.quorum.voters=1@%1$s:%3$d
    listeners=PLAINTEXT://%1$s:%2$d,CONTROLLER://%1$s:%3$d
    advertised.listeners=PLAINTEXT://%1$s:%2$d
    listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
    controller.listener.names=CONTROLLER
    log.dirs=%4$s
    auto.create.topics.enable=false
    offsets.topic.replication.factor=1
    transaction.state.log.replication.factor=1
    transaction.state.log.min.isr=1
    num.network.threads=2
    num.io.threads=4
    """
        .formatted(HOST, port, controllerPort, folder.resolve("data"));
  }

  /** Whether the broker is known to the cluster and describes it. */
  private static boolean answers(int port) {
    try (Admin admin =
        Admin.create(
            Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                HOST + ":" + port,
                AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG,
                100,
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                PROBE_TIMEOUT_MS,
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                PROBE_TIMEOUT_MS))) {
      return !admin.describeCluster().nodes().get().isEmpty();
    } catch (ExecutionException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** {@code HOST:PORT}, as Kafka's clients take it; the same after {@link #restart()}. */
  public String bootstrapServers() {
    return HOST + ":" + port;
  }

  /** What the broker printed, over all its starts. */
  public Path logFile() {
    return server.logFile();
  }

  /** Ends the broker with SIGKILL and returns when it is gone. */
  public void kill() {
    server.kill();
  }

  /** Starts the broker again on its port and its data; one that still runs is shut down first. */
  public void restart() {
    if (server.isAlive()) {
      server.terminate();
    }
    server.start();
  }

  /** Kills the broker and deletes its data. */
  @Override
  public void close() {
    server.close();
  }
}
