package io.winnow.benchmarks;

import io.winnow.core.Seed;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/**
 * Asks a server for the 50 features of 100 pairs at a constant rate, whether it keeps up or not, and
 * counts each latency from the moment at which the request was due to the last byte of the answer.
 * The client is bare sockets that stay open, so that it takes little of the machine it shares.
 */
final class HttpFeatureReads {
  private static final int ROWS = 100;
  private static final int CONNECTIONS = 8;
  private static final int SECONDS = 20;
  private static final int WARM_UP_SECONDS = 20;
  private static final int RATE = 100;

  private final URI server;
  private final RandomGenerator random;
  private final ArrayBlockingQueue<Connection> connections = new ArrayBlockingQueue<>(CONNECTIONS);

  HttpFeatureReads(URI server, Seed seed) {
    this.server = server;
    this.random = seed.generator("http reads");
  }

  /** Latencies in milliseconds, without those of the warm-up. */
  Samples run() {
    int warmUp = RATE * WARM_UP_SECONDS;
    int all = warmUp + RATE * SECONDS;
    double[] ms = new double[all];
    for (int i = 0; i < CONNECTIONS; i++) {
      connections.add(new Connection(server));
    }
    long start = System.nanoTime();
    try (ExecutorService senders = Executors.newFixedThreadPool(CONNECTIONS)) {
      for (int i = 0; i < all; i++) {
        byte[] request = request();
        long due = start + i * 1_000_000_000L / RATE;
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
        int at = i;
        senders.execute(() -> {
          exchange(request);
          ms[at] = (System.nanoTime() - due) / 1e6;
        });
      }
    }
    connections.forEach(Connection::close);
    return new Samples(Arrays.copyOfRange(ms, warmUp, all));
  }

  private void exchange(byte[] request) {
    Connection connection = connections.remove();
    connection.exchange(request);
    connections.add(connection);
  }

  private byte[] request() {
    StringBuilder body = new StringBuilder("{\"format\":\"columns\",\"features\":[");
    int columns = 0;
    for (String name : FiftyFeatures.names()) {
      body.append(columns++ == 0 ? "\"" : ",\"").append(name).append('"');
    }
    body.append("],\"time\":").append(FiftyFeatures.END_MS).append(",\"rows\":[");
    String user = FiftyFeatures.user(random.nextInt(FiftyFeatures.USERS)).value();
    for (int row = 0; row < ROWS; row++) {
      String item = FiftyFeatures.item(random.nextInt(FiftyFeatures.ITEMS)).value();
      body.append(row == 0 ? "" : ",").append("{\"user\":\"").append(user);
      body.append("\",\"item\":\"").append(item).append("\"}");
    }
    byte[] bytes = body.append("]}").toString().getBytes(StandardCharsets.UTF_8);
    String head =
        "POST /v1/features HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: "
            + bytes.length
            + "\r\n\r\n";
    byte[] all = Arrays.copyOf(head.getBytes(StandardCharsets.US_ASCII), head.length() + bytes.length);
    System.arraycopy(bytes, 0, all, head.length(), bytes.length);
    return all;
  }

  /** A connection that stays open; one thread at a time. */
  private static final class Connection {
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    Connection(URI server) {
      try {
        socket = new Socket(InetAddress.getByName(server.getHost()), server.getPort());
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
        out = socket.getOutputStream();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    void exchange(byte[] request) {
      try {
        out.write(request);
        String status = line();
        if (!status.startsWith("HTTP/1.1 200")) {
          throw new IllegalStateException(status + ": " + rest());
        }
        int length = -1;
        for (String header = line(); !header.isEmpty(); header = line()) {
          if (header.regionMatches(true, 0, "content-length:", 0, 15)) {
            length = Integer.parseInt(header.substring(15).strip());
          }
        }
        if (length < 0 || in.readNBytes(length).length != length) {
          throw new IllegalStateException("content length: " + length);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private String rest() throws IOException {
      return new String(in.readNBytes(Math.max(1, in.available())), StandardCharsets.UTF_8);
    }

    private String line() throws IOException {
      StringBuilder line = new StringBuilder();
      for (int c = in.read(); c != '\n'; c = in.read()) {
        if (c < 0) {
          throw new IOException("the connection ended");
        }
        if (c != '\r') {
          line.append((char) c);
        }
      }
      return line.toString();
    }

    void close() {
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
