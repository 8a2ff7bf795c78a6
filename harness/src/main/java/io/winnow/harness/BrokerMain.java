package io.winnow.harness;

import java.io.IOException;
import kafka.Kafka;
import kafka.tools.StorageTool;

/**
 * The main class of {@link KafkaBroker}'s process: formats the folder if it is new, then runs the
 * broker, and ends when its standard input does, so that a broker never outlives the JVM that
 * started it.
 */
final class BrokerMain {
  private static final int ORPHANED = 3;

  private BrokerMain() {}

  /** Arguments: the properties file and the cluster's id. */
  public static void main(String[] args) {
    String properties = args[0];
    Thread.ofPlatform().daemon().name("orphan-watch").start(BrokerMain::haltWithParent);
    int status =
        StorageTool.execute(
            new String[] {
              "format", "--ignore-formatted", "--cluster-id", args[1], "--config", properties
            },
            System.out);
    if (status != 0) {
      Runtime.getRuntime().halt(status);
    }
    Kafka.main(new String[] {properties});
  }

  private static void haltWithParent() {
    try {
      while (System.in.read() >= 0) {
        // Nothing is sent: the end of the stream is the message.
      }
    } catch (IOException e) {
      // As good as the end.
    }
    Runtime.getRuntime().halt(ORPHANED);
  }
}
