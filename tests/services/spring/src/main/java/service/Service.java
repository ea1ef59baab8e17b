// SPDX-License-Identifier: EUPL-1.2
package service;

import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.EventListener;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
@RestController
public class Service {
    @Bean
    SecurityFilterChain security(HttpSecurity http, ClientRegistrationRepository registrations) throws Exception {
        var left = new OidcClientInitiatedLogoutSuccessHandler(registrations);
        left.setPostLogoutRedirectUri("{baseUrl}/");
        return http.authorizeHttpRequests(r -> r.requestMatchers("/").permitAll().anyRequest().authenticated())
            .oauth2Login(l -> l.defaultSuccessUrl("/"))
            .logout(l -> l.logoutSuccessHandler(left))
            .build();
    }

    @GetMapping("/")
    Map<String, Object> person(@AuthenticationPrincipal OidcUser person) {
        return person == null ? Map.of() : person.getClaims();
    }

    @EventListener(ApplicationReadyEvent.class)
    void ready() {
        System.out.println("ready");
    }

    public static void main(String[] args) {
        SpringApplication.run(Service.class, args);
    }
}
