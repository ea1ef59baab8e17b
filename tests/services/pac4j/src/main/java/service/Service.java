// SPDX-License-Identifier: EUPL-1.2
package service;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Server;
import org.pac4j.core.config.Config;
import org.pac4j.core.profile.ProfileManager;
import org.pac4j.jee.context.JEEContext;
import org.pac4j.jee.context.session.JEESessionStore;
import org.pac4j.jee.filter.CallbackFilter;
import org.pac4j.jee.filter.LogoutFilter;
import org.pac4j.jee.filter.SecurityFilter;
import org.pac4j.oidc.client.OidcClient;
import org.pac4j.oidc.config.OidcConfiguration;

public class Service {
    static final String ISSUER = System.getenv("ISSUER"), BASE = System.getenv("BASE");

    static Config config() {
        var digione = new OidcConfiguration();
        digione.setDiscoveryURI(ISSUER + "/.well-known/openid-configuration");
        digione.setClientId(System.getenv("CLIENT_ID"));
        digione.setSecret(System.getenv("CLIENT_SECRET"));
        digione.setScope("openid profile edu.role");
        digione.setUseNonce(true);
        return new Config(BASE + "/callback", new OidcClient(digione));
    }

    public static class Person extends HttpServlet {
        @Override
        protected void doGet(HttpServletRequest req, HttpServletResponse res) throws IOException {
            if (req.getRequestURI().equals("/login")) {
                res.sendRedirect("/");
                return;
            }
            var profile = new ProfileManager(new JEEContext(req, res), new JEESessionStore()).getProfile();
            res.setCharacterEncoding("UTF-8");
            res.getWriter().println(profile.map(p -> p.getAttributes().toString()).orElse("null"));
        }
    }

    public static void main(String[] args) throws Exception {
        var config = config();
        var logout = new LogoutFilter(config, BASE + "/");
        logout.setLocalLogout(true);
        logout.setCentralLogout(true);

        var context = new ServletContextHandler(ServletContextHandler.SESSIONS);
        put(context, "/login", new SecurityFilter(config, "OidcClient"));
        put(context, "/callback", new CallbackFilter(config, "/"));
        put(context, "/logout", logout);
        context.addServlet(Person.class, "/*");
        var server = new Server(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))));
        server.setHandler(context);
        server.start();
        System.out.println("ready");
    }

    static void put(ServletContextHandler context, String path, Filter filter) {
        context.addFilter(new FilterHolder(filter), path, EnumSet.of(DispatcherType.REQUEST));
    }
}
