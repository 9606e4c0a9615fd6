package dev.millrace.bench;

import java.io.FileReader;
import java.io.IOException;
import java.io.Reader;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * Runs one job until it is told to stop. Its argument is a properties file: {@code bench.topology}, {@code bench.input},
 * {@code bench.outputs} (comma-separated), everything else Kafka Streams settings.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    Properties settings = new Properties();
    try (Reader file = new FileReader(args[0])) {
      settings.load(file);
    }
    KafkaStreams streams = new KafkaStreams(topology(settings), settings);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    CountDownLatch ended = new CountDownLatch(1);
    streams.setStateListener(
        (now, before) -> {
          if (now.hasCompletedShutdown()) ended.countDown();
        });
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
    ended.await();
  }

  private static Topology topology(Properties settings) {
    List<String> outputs = List.of(settings.getProperty("bench.outputs").split(","));
    String name = settings.getProperty("bench.topology");
    return Topologies.named(name, settings.getProperty("bench.input"), outputs);
  }
}
