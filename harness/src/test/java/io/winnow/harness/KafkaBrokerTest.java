package io.winnow.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;

final class KafkaBrokerTest {
  @Test
  void kill_andRestart_keepsPortAndTopics() throws Exception {
    Path folder;
    try (KafkaBroker broker = KafkaBroker.start()) {
      folder = broker.logFile().getParent();
      Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers());
      try (Admin admin = Admin.create(settings)) {
        admin
            .createTopics(List.of(new NewTopic("kept", Optional.of(1), Optional.empty())))
            .all()
            .get();
      }
      broker.kill();
      assertThrows(ConnectException.class, () -> connect(broker));
      broker.restart();
      try (Admin admin = Admin.create(settings)) {
        assertEquals(Set.of("kept"), admin.listTopics().names().get());
      }
    }
    assertFalse(Files.exists(folder));
  }

  private static void connect(KafkaBroker broker) throws Exception {
    String[] address = broker.bootstrapServers().split(":");
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address[0], Integer.parseInt(address[1])));
    }
  }
}
